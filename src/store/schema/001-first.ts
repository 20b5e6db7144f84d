/** `run` in every table is `run.number`. JSON columns hold the shapes of `core`. Times are ms since 1970. */
export const firstSchema = `
-- Numbers are never used twice, not even after a run was removed: they are part of branch names.
CREATE TABLE run (
  number     INTEGER PRIMARY KEY AUTOINCREMENT,
  run_id     TEXT NOT NULL UNIQUE,
  client_key TEXT UNIQUE,
  name       TEXT NOT NULL,
  goal       TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

-- Apart from run: this row is written with every event, and a goal can be long.
CREATE TABLE run_view (
  run      INTEGER PRIMARY KEY REFERENCES run (number) ON DELETE CASCADE,
  last_seq INTEGER NOT NULL,
  state    TEXT NOT NULL,
  view     TEXT NOT NULL
) STRICT;
CREATE INDEX run_view_active ON run_view (run) WHERE state IN ('running', 'needs', 'stopping');

CREATE TABLE event (
  run   INTEGER NOT NULL REFERENCES run (number) ON DELETE CASCADE,
  seq   INTEGER NOT NULL,
  at    INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  event TEXT NOT NULL,
  PRIMARY KEY (run, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE node (
  run         INTEGER NOT NULL REFERENCES run (number) ON DELETE CASCADE,
  node        TEXT NOT NULL,
  place       INTEGER NOT NULL,
  updated_seq INTEGER NOT NULL,
  role        TEXT NOT NULL,
  view        TEXT NOT NULL,
  PRIMARY KEY (run, node)
) STRICT, WITHOUT ROWID;
CREATE INDEX node_updated ON node (run, updated_seq, place);
CREATE INDEX node_place ON node (run, place);

CREATE TABLE attempt (
  run        INTEGER NOT NULL REFERENCES run (number) ON DELETE CASCADE,
  node       TEXT NOT NULL,
  attempt    INTEGER NOT NULL,
  route      TEXT,
  process    TEXT,
  started_at INTEGER NOT NULL,
  ended_at   INTEGER,
  session    TEXT,
  end_class  TEXT,
  checkpoint TEXT,
  summary    TEXT,
  version    INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (run, node, attempt)
) STRICT;
CREATE INDEX attempt_version ON attempt (run, version);
CREATE INDEX attempt_live ON attempt (run, version) WHERE ended_at IS NULL;

CREATE TABLE lease (
  run        INTEGER PRIMARY KEY REFERENCES run (number) ON DELETE CASCADE,
  epoch      INTEGER NOT NULL,
  holder     TEXT,
  beat_at    INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE signal (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  run        INTEGER NOT NULL REFERENCES run (number) ON DELETE CASCADE,
  signal     TEXT NOT NULL,
  sent_at    INTEGER NOT NULL,
  handled_at INTEGER
) STRICT;
CREATE INDEX signal_open ON signal (run, id) WHERE handled_at IS NULL;

-- profile is '' where there is none: NULL would not be part of a key.
CREATE TABLE lane (
  provider     TEXT NOT NULL,
  profile      TEXT NOT NULL,
  closed_until REAL NOT NULL,
  reason       TEXT NOT NULL,
  PRIMARY KEY (provider, profile)
) STRICT, WITHOUT ROWID;

CREATE TABLE spend (
  run        INTEGER NOT NULL REFERENCES run (number) ON DELETE CASCADE,
  node       TEXT NOT NULL,
  attempt    INTEGER NOT NULL,
  role       TEXT NOT NULL,
  provider   TEXT,
  profile    TEXT,
  model      TEXT,
  usd        REAL,
  input      REAL NOT NULL,
  cached     REAL NOT NULL,
  output     REAL NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at   INTEGER NOT NULL,
  end_class  TEXT NOT NULL,
  PRIMARY KEY (run, node, attempt)
) STRICT;
CREATE INDEX spend_ended ON spend (ended_at);

CREATE TABLE receipt (
  run          INTEGER NOT NULL REFERENCES run (number) ON DELETE CASCADE,
  node         TEXT NOT NULL,
  attempt      INTEGER NOT NULL,
  path         TEXT NOT NULL,
  commit_id    TEXT,
  tree         TEXT,
  digest       TEXT NOT NULL,
  created_at   INTEGER NOT NULL,
  PRIMARY KEY (run, node, attempt)
) STRICT;
`;
