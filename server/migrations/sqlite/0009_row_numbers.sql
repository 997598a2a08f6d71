-- An event's id is the number of its row. Said so, it needs no index of its own, which each change had
-- to write.
alter table audit_events rename to audit_events_before;
drop index audit_events_organization;
create table audit_events (
    id integer primary key not null,
    at bigint not null,
    -- Who: a user's id and e-mail address, or the word operator or system.
    actor text not null,
    actor_id bigint,
    address text not null,
    -- What and on whom: `token.issue` on `token 4f…`.
    action text not null,
    subject text not null,
    organization_id bigint,
    -- Ok, or why not.
    outcome text not null,
    -- JSON object with what else matters; never a secret.
    detail text not null,
    previous_digest blob not null,
    digest blob not null
);
insert into audit_events (id, at, actor, actor_id, address, action, subject, organization_id, outcome, detail, previous_digest, digest)
    select id, at, actor, actor_id, address, action, subject, organization_id, outcome, detail, previous_digest, digest
    from audit_events_before order by id;
drop table audit_events_before;
create index audit_events_organization on audit_events (organization_id, id);

-- The newest change is never deleted, so the next number is the one after it; SQLite need not write the
-- last one down beside.
alter table changes rename to changes_before;
create table changes (
    id integer primary key not null,
    -- `token ID`, `family ID`, `user ID`, `organization ID` or `everything`.
    what text not null
);
insert into changes (id, what) select id, what from changes_before order by id;
drop table changes_before;
