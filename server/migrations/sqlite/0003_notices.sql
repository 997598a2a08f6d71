-- What owners and their organization's systems are told before a token ends, and when it has.

create index tokens_expiry on tokens (expires_at);

-- One row for each token, threshold and receiver. Its being there is what makes a notice happen
-- once: whoever finds it there, in this process or in another, before or after a restart, does not
-- write it again.
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
create index notices_state on notices (state, next_try_at);
