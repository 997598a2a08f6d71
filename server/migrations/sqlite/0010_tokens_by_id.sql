-- Personal access tokens and key tokens say their id, and are found by it; then the hash is compared. An
-- index of all hashes lies in random order: each new token had a page of its own to be written in it.
-- SQLite drops a constraint with its table only, so that is made anew, with those that refer to it.

-- Personal access tokens, key tokens and legacy tokens. Access tokens are not stored: they carry
-- the id of their personal access token and die with it.
alter table tokens rename to tokens_before;
drop index tokens_user;
drop index tokens_organization;
drop index tokens_family;
drop index tokens_expiry;
drop index tokens_organization_expiry;
drop index tokens_unrevoked;
drop index tokens_revoked;
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
    -- What a presented token is known by: SHA-256 of a personal access token's `header.payload` or
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
    -- The key that signed a personal access token, and the only one that proves it; null for other
    -- kinds, and for tokens that are older than this column on an installation of several keys.
    signing_key_id text,
    -- When it was brought from another system; null for what was made here.
    imported_at bigint
);
insert into tokens (id, kind, user_id, organization_id, name, note, scopes, ip_ranges, rate_per_minute, hash, sealed,
        sealed_until, created_at, expires_at, revoked_at, revoked_because, revoked_by, successor_id, retires_at,
        idempotency_key, family_id, last_used_at, last_used_address, last_used_client, signing_key_id, imported_at)
    select id, kind, user_id, organization_id, name, note, scopes, ip_ranges, rate_per_minute, hash, sealed,
        sealed_until, created_at, expires_at, revoked_at, revoked_because, revoked_by, successor_id, retires_at,
        idempotency_key, family_id, last_used_at, last_used_address, last_used_client, signing_key_id, imported_at
    from tokens_before order by id;
-- A legacy token says no id.
create unique index tokens_hash on tokens (hash) where kind = 'legacy';
create index tokens_user on tokens (user_id, created_at);
create index tokens_organization on tokens (organization_id, created_at);
create index tokens_family on tokens (family_id) where family_id <> id;
create index tokens_expiry on tokens (expires_at);
create index tokens_organization_expiry on tokens (organization_id, expires_at, kind)
    where revoked_at is null and successor_id is null;
create index tokens_unrevoked on tokens (user_id, kind, created_at) where revoked_at is null;
create index tokens_revoked on tokens (revoked_at) where revoked_at is not null;

-- How often a token was used on a day (days since 1970-01-01, UTC). Without row numbers it lies in the
-- order of its key and needs no index beside.
alter table token_uses rename to token_uses_before;
create table token_uses (
    token_id text not null references tokens (id),
    day bigint not null,
    uses bigint not null,
    primary key (token_id, day)
) without rowid;
insert into token_uses (token_id, day, uses) select token_id, day, uses from token_uses_before order by token_id, day;
drop table token_uses_before;

-- One row for each token, threshold and receiver. Its being there is what makes a notice happen
-- once: whoever finds it there, in this process or in another, before or after a restart, does not
-- write it again.
alter table notices rename to notices_before;
drop index notices_state;
create table notices (
    id integer primary key autoincrement,
    token_id text not null references tokens (id),
    -- How many days before its end the token's owner is told; 0 is the end itself.
    threshold_days bigint not null,
    -- To whom: mail to the owner, or a webhook; for a webhook the first 16 hex digits of the SHA-256
    -- of its URL, which may hold a secret; empty for mail.
    channel text not null,
    endpoint text not null,
    -- due, delivered, failed (given up), dropped (not worth telling any more).
    state text not null,
    attempts bigint not null,
    -- Not before this instant; null for at once.
    next_try_at bigint,
    -- Some process is delivering it and should have an answer by then; if it has none, it died.
    claimed_until bigint,
    -- What stood in the way last, or why it was dropped.
    reason text,
    created_at bigint not null,
    ended_at bigint,
    constraint notices_token_threshold_days_channel_endpoint unique (token_id, threshold_days, channel, endpoint)
);
insert into notices (id, token_id, threshold_days, channel, endpoint, state, attempts, next_try_at, claimed_until, reason,
        created_at, ended_at)
    select id, token_id, threshold_days, channel, endpoint, state, attempts, next_try_at, claimed_until, reason,
        created_at, ended_at
    from notices_before order by id;
create index notices_state on notices (state, next_try_at);
drop table notices_before;
drop table tokens_before;
