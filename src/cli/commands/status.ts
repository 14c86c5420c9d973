/** `tandem status` */
import { asking, needBot } from '../bot-address.ts';
import { type Context, printJson } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { renderStatus } from '../screen.ts';
import { whereaboutsOf } from '../settings.ts';

/** A pipe has no width; a file should hold whole lines. */
const WIDE = 240;
const ALL_ROWS = 1_000;

export async function status(context: Context): Promise<ExitCode> {
  const { io, json, configFile } = context;
  const config = whereaboutsOf(context);
  const snapshot = await asking(await needBot(context, config), (bot) => bot.status());
  if (json) printJson(io, snapshot);
  else {
    const columns = io.interactive ? io.size().columns : WIDE;
    io.out(`${renderStatus(snapshot, { columns, rows: ALL_ROWS, color: io.color, configFile })}\n`);
  }
  return EXIT.ok;
}
