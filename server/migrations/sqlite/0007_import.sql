-- What changing the signing key and moving in from Label Studio need.

-- Where a key comes from: own, or label_studio for a SECRET_KEY that was imported. Only own keys
-- sign, and of them the newest that is not retired; an imported key is retired from the beginning.
alter table signing_keys add column origin text not null default 'own';

-- The key that signed a personal access token, and the only one that proves it; null for other
-- kinds, and for tokens that are older than this column on an installation of several keys.
alter table tokens add column signing_key_id text;
update tokens set signing_key_id = (select max(id) from signing_keys)
    where kind = 'personal' and (select count(*) from signing_keys) = 1;
create index tokens_signing_key on tokens (signing_key_id);

-- When it was brought from another system; null for what was made here.
alter table tokens add column imported_at bigint;

-- A user's password_hash may be Django's as well, until he signs in for the first time.
