/** Receipts are found by what was asked; `seq` is the event that rests on them, which holds the handoff. */
export const receiptKeys = `
ALTER TABLE receipt ADD COLUMN key TEXT;
ALTER TABLE receipt ADD COLUMN seq INTEGER;
CREATE INDEX receipt_key ON receipt (key) WHERE key IS NOT NULL AND stale = 0;
`;
