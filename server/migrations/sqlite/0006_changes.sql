-- What processes on one database tell each other, and what keeps lists short however many tokens
-- have ended.

-- One row for each change of what grants are made of, written in the change's own transaction. A
-- process that remembers grants reads the rows that are new to it, and forgets what they name.
create table changes (
    id integer primary key autoincrement,
    -- `token ID`, `family ID`, `user ID`, `organization ID` or `everything`.
    what text not null
);

-- A user's tokens that nobody has revoked: what Label Studio lists.
create index tokens_unrevoked on tokens (user_id, created_at) where revoked_at is null;

-- Tokens that ended long ago, if the operator wants the living ones to be among themselves: what is
-- worth knowing of each, and nothing that could open a door.
create table archived_tokens (
    id text primary key not null,
    kind text not null,
    user_id bigint not null,
    organization_id bigint not null,
    name text not null,
    created_at bigint not null,
    expires_at bigint,
    revoked_at bigint,
    revoked_because text,
    revoked_by text,
    family_id text not null,
    last_used_at bigint,
    archived_at bigint not null
);
-- Which revoked ones are due.
create index tokens_revoked on tokens (revoked_at) where revoked_at is not null;
