/** What an attempt holds while it has not ended. Filled from the events for attempts that run while mo is updated. */
export const reservations = `
ALTER TABLE attempt ADD COLUMN reserved_usd REAL;

UPDATE attempt SET reserved_usd = (
  SELECT json_extract(event.event, '$.reserved.usd') FROM event
  WHERE event.run = attempt.run
    AND json_extract(event.event, '$.type') = 'attempt.started'
    AND json_extract(event.event, '$.node') = attempt.node
    AND json_extract(event.event, '$.attempt') = attempt.attempt
);
`;
