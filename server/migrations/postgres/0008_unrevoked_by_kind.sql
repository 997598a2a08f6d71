-- A user's tokens of a kind that nobody has revoked: what Label Studio lists, whatever else he has.
drop index tokens_unrevoked;
create index tokens_unrevoked on tokens (user_id, kind, created_at) where revoked_at is null;
