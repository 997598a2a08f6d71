-- What the page about the use of tokens draws, counted by organization and day (days since
-- 1970-01-01, UTC). An organization has a few rows a day however many tokens it has, and they stay
-- when tokens are taken out of the database.

create table daily_uses (
    organization_id bigint not null references organizations (id),
    day bigint not null,
    -- The kind of the stored token: personal, key or legacy.
    kind text not null,
    uses bigint not null,
    primary key (organization_id, day, kind)
);
insert into daily_uses (organization_id, day, kind, uses)
    select organization_id, day, kind, cast(sum(uses) as bigint)
    from token_uses join tokens on tokens.id = token_uses.token_id
    group by organization_id, day, kind;

-- Refusals of tokens that are known to be the organization's. A text that is no token of ours is
-- nobody's and is not counted: whoever sends it could otherwise fill the table.
create table daily_refusals (
    organization_id bigint not null references organizations (id),
    day bigint not null,
    -- The code that the client was told, such as expired.
    cause text not null,
    refusals bigint not null,
    primary key (organization_id, day, cause)
);

-- The living tokens that end soon, counted by day and kind without a look at the tokens themselves.
create index tokens_organization_expiry on tokens (organization_id, expires_at, kind)
    where revoked_at is null and successor_id is null;
