/**
 * Counts work that is under way, so that simulated time can wait for the bot: time advances only when nothing
 * is in flight. Work that itself waits for time (a parked request budget) must `end` before it parks and `begin`
 * again after.
 */
export interface Activity {
  begin(): void;
  end(): void;
}
