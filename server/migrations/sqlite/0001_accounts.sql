-- Who there is: users, the organizations they belong to, and their browsers' sessions.
--
-- Ids of users and organizations are small integers, because Label Studio's are, its clients put
-- them in URLs, and an imported user keeps his. All instants are Unix milliseconds (UTC).

create table users (
    id integer primary key autoincrement,
    -- Lower case; compared as it is stored.
    email text not null,
    -- Sorted by its bytes on both engines.
    username text not null,
    first_name text not null,
    last_name text not null,
    phone text not null,
    -- PHC string of Argon2id, or null for an account that nobody can sign in to yet.
    password_hash text,
    is_active boolean not null,
    -- The organization that the user works in: it answers in whoami, and new tokens belong to it.
    active_organization_id bigint,
    -- JSON object, kept for Label Studio's clients.
    custom_hotkeys text not null,
    allow_newsletters boolean,
    created_at bigint not null,
    last_activity_at bigint not null,
    constraint users_email unique (email)
);

create table organizations (
    id integer primary key autoincrement,
    title text not null,
    created_by bigint,
    -- The secret in the invite link, sealed; its keyed hash finds the organization again.
    invite_sealed blob not null,
    invite_hash blob not null,
    -- The policy over tokens; read at each use of a token.
    personal_enabled boolean not null,
    legacy_enabled boolean not null,
    key_enabled boolean not null,
    -- How long a new personal access token lives, and a new key token.
    personal_ttl_days bigint not null,
    key_ttl_days bigint not null,
    -- The longest life that is let in; null for no limit.
    max_ttl_days bigint,
    -- How long a token may lie unused; null for no limit.
    idle_days bigint,
    -- A personal access token sent without an exchange: allow, warn, refuse.
    direct_use text not null,
    -- The most that any token may do, one scope to a line, and from where, one range to a line.
    scopes text not null,
    ip_ranges text not null,
    -- The longest overlap of a rotation, and what follows when the old token is used after it:
    -- alert, revoke_family.
    max_overlap_hours bigint not null,
    on_reuse text not null,
    created_at bigint not null,
    updated_at bigint not null,
    constraint organizations_invite_hash unique (invite_hash)
);

-- A removed member keeps the row, so that a later look says when he left and tokens stay dead.
create table memberships (
    id integer primary key autoincrement,
    organization_id bigint not null references organizations (id),
    user_id bigint not null references users (id),
    role text not null,
    created_at bigint not null,
    removed_at bigint,
    constraint memberships_organization_user unique (organization_id, user_id)
);
create index memberships_user on memberships (user_id);

-- The cookie holds a random text; only its digest is kept.
create table sessions (
    hash blob primary key not null,
    user_id bigint not null references users (id),
    created_at bigint not null,
    expires_at bigint not null,
    address text not null,
    client text not null
);
create index sessions_user on sessions (user_id);
