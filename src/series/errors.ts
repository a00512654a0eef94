/** What is wrong with a reading or a query: `code` is stable, the message is for a person. */
export class SeriesError extends Error {
  constructor(
    readonly code:
      | 'invalid_cursor'
      | 'invalid_id'
      | 'invalid_type'
      | 'invalid_time'
      | 'invalid_uuid'
      | 'invalid_period',
    message: string,
  ) {
    super(message);
    this.name = 'SeriesError';
  }
}
