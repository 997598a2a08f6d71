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
    -- What a presented token is found by: SHA-256 of a personal access token's `header.payload` or
    -- of a key token, HMAC-SHA-256 of a legacy token.
    hash blob not null,
    -- A legacy token's text, sealed under the installation's key: it alone may be read again.
    sealed blob,
    created_at bigint not null,
    -- Null: never.
    expires_at bigint,
    revoked_at bigint,
    -- Why, in a word: by_owner, by_admin, rotated, reset.
    revoked_because text,
    -- The token that took this one's place.
    successor_id text,
    constraint tokens_hash unique (hash)
);
create index tokens_user on tokens (user_id, created_at);

-- The secrets that sign and check JWTs, sealed under the installation's key.
create table signing_keys (
    id text primary key not null,
    sealed blob not null,
    created_at bigint not null,
    -- A retired key still checks what it has signed.
    retired_at bigint
);

-- One row a change, written in the change's own transaction.
create table audit_events (
    id integer primary key autoincrement,
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
    detail text not null
);
create index audit_events_organization on audit_events (organization_id, id);
