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
