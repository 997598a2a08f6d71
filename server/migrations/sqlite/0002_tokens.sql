-- The tokens, the keys that sign them, and the record of what was done.

-- Personal access tokens, key tokens and legacy tokens. Access tokens are not stored: they carry
-- the id of their personal access token and die with it.
create table tokens (
    -- Public. A personal access token's `jti`, a key token's middle part, a random text otherwise.
    id text primary key not null,
    kind text not null,
    user_id bigint not null references users (id),
    organization_id bigint not null references organizations (id),
    name text not null,
    note text not null,
    -- What it may do, one scope to a line, and from where, one range to a line; empty for all.
    scopes text not null,
    ip_ranges text not null,
    -- How many requests a minute; null for no limit.
    rate_per_minute bigint,
    -- What a presented token is found by: SHA-256 of a personal access token's `header.payload` or
    -- of a key token, HMAC-SHA-256 of a legacy token.
    hash blob not null,
    -- A legacy token's text, sealed under the installation's key: it may be read again. Also a
    -- rotation's successor, until `sealed_until`: a retry gets the same answer.
    sealed blob,
    sealed_until bigint,
    created_at bigint not null,
    -- Null: never.
    expires_at bigint,
    revoked_at bigint,
    -- Why, in a word: by_owner, by_admin, by_holder, rotated, reset, reuse,
    -- member_removed, user_deleted.
    revoked_because text,
    -- Who: an e-mail address, operator, or anonymous for whoever showed the token itself.
    revoked_by text,
    -- The token that took this one's place, until when both work, and the request that asked for it.
    successor_id text,
    retires_at bigint,
    idempotency_key text,
    -- The first token of the line of successors that this one is in.
    family_id text not null,
    -- The last use that is written down; the newest are still in memory for some seconds.
    last_used_at bigint,
    last_used_address text,
    last_used_client text,
    constraint tokens_hash unique (hash)
);
create index tokens_user on tokens (user_id, created_at);
create index tokens_organization on tokens (organization_id, created_at);
create index tokens_family on tokens (family_id);

-- How often a token was used on a day (days since 1970-01-01, UTC).
create table token_uses (
    token_id text not null references tokens (id),
    day bigint not null,
    uses bigint not null,
    primary key (token_id, day)
);

-- The secrets that sign and check JWTs, sealed under the installation's key.
create table signing_keys (
    id text primary key not null,
    sealed blob not null,
    created_at bigint not null,
    -- A retired key still checks what it has signed.
    retired_at bigint
);

-- One row a change, written in the change's own transaction. Each row holds the digest of itself
-- and the one before it: a row that is changed or missing breaks the chain.
create table audit_events (
    id bigint primary key not null,
    at bigint not null,
    -- Who: a user's id and e-mail address, or the word operator or system.
    actor text not null,
    actor_id bigint,
    address text not null,
    -- What and on whom: `token.issue` on `token 4f…`.
    action text not null,
    subject text not null,
    organization_id bigint,
    -- JSON object with what else matters; never a secret.
    -- Ok, or why not.
    outcome text not null,
    detail text not null,
    previous_digest blob not null,
    digest blob not null
);
create index audit_events_organization on audit_events (organization_id, id);

-- The end of the chain: whoever writes an event takes his turn here first.
create table audit_head (
    one bigint primary key not null,
    last_id bigint not null,
    digest blob not null
);
insert into audit_head (one, last_id, digest) values (1, 0, '');
