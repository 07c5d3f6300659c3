-- The sums of `rollup` by day (of UTC) and by what caps are about, sessions left out: a month of
-- these is some hundred rows, where the quarters of its sessions are ten thousand.
CREATE TABLE day_sum (
    day       INTEGER NOT NULL,
    agent     INTEGER NOT NULL,
    developer INTEGER NOT NULL REFERENCES name (id),
    project   INTEGER NOT NULL REFERENCES name (id),
    branch    INTEGER NOT NULL REFERENCES name (id),
    model     INTEGER NOT NULL REFERENCES name (id),
    calls     INTEGER NOT NULL,
    -- Whole dollars and the rest in pico-dollars, as in `rollup`.
    cost_usd  INTEGER NOT NULL,
    cost_pico INTEGER NOT NULL,
    PRIMARY KEY (day, agent, developer, project, branch, model)
) STRICT, WITHOUT ROWID;

-- A day is 96 quarters. Those before 1970 are rounded down, too.
INSERT INTO day_sum
SELECT (quarter - 95 * (quarter < 0)) / 96 AS day, agent, developer, project, branch, model,
    sum(calls), sum(cost_usd) + sum(cost_pico) / 1000000000000, sum(cost_pico) % 1000000000000
FROM rollup
JOIN attribution ON attribution.id = rollup.attribution
JOIN session ON session.id = attribution.session
GROUP BY day, agent, developer, project, branch, model;

-- Calls without a price are few, and asked for by time or by session.
DROP INDEX call_unpriced;
CREATE INDEX call_unpriced_by_time ON call (at) WHERE cost_pico IS NULL;
CREATE INDEX call_unpriced_by_attribution ON call (attribution) WHERE cost_pico IS NULL;
