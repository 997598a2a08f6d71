-- Otherwise than on SQLite, a constraint is dropped where it stands.
-- Personal access tokens and key tokens say their id, and are found by it; then the hash is compared. An
-- index of all hashes lies in random order: each new token had a page of its own to be written in it.
alter table tokens drop constraint tokens_hash;
-- A legacy token says no id.
create unique index tokens_hash on tokens (hash) where kind = 'legacy';
