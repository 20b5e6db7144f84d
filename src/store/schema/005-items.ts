/** A map has ten thousand items: what is asked of the other nodes, and of the items that failed, must not read them all. */
export const itemColumn = `
ALTER TABLE node ADD COLUMN item_of TEXT;
UPDATE node SET item_of = json_extract(view, '$.itemOf');
CREATE INDEX node_own ON node (run, place) WHERE item_of IS NULL;
CREATE INDEX node_own_updated ON node (run, updated_seq, place) WHERE item_of IS NULL;
CREATE INDEX node_failed_item ON node (run, item_of, place)
  WHERE item_of IS NOT NULL AND json_extract(view, '$.state') = 'failed';
`;
