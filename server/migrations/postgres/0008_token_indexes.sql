-- A user's tokens of a kind that nobody has revoked: what Label Studio lists, whatever else he has.
drop index tokens_unrevoked;
create index tokens_unrevoked on tokens (user_id, kind, created_at) where revoked_at is null;

-- The first token of a line is found by its own id: nearly every token is one, and needs no place in
-- this index.
drop index tokens_family;
create index tokens_family on tokens (family_id) where family_id <> id;

-- Counting what each key has signed reads every live token, with or without it.
drop index tokens_signing_key;
