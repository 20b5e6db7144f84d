/** A receipt that was withdrawn stays known. A paused run is not over. */
export const staleReceipts = `
ALTER TABLE receipt ADD COLUMN stale INTEGER NOT NULL DEFAULT 0;
DROP INDEX run_view_active;
CREATE INDEX run_view_active ON run_view (run)
  WHERE state IN ('running', 'needs', 'paused', 'stopping');
`;
