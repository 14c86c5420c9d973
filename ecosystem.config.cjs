/**
 * pm2: `npx pm2 start ecosystem.config.cjs` runs the simulation; `--env paper`, `--env testnet` and `--env live` run
 * the others beside it, as tandem-paper, tandem-testnet and tandem-live, each with the configuration file named here.
 * Logs: `npx pm2 logs`. To restart one, name it: `npx pm2 restart tandem-live`.
 */
module.exports = {
  apps: [
    {
      name: 'tandem',
      // Else starting one mode would stop another, positions and all, and take its name.
      append_env_to_name: true,
      cwd: __dirname,
      script: 'dist/cli/main.js',
      args: 'run',
      // One writer per ledger: the bot locks it, a second instance would only refuse to start.
      exec_mode: 'fork',
      instances: 1,
      watch: false,

      // Ready is told once the ledger is loaded and the accounts are being reconciled.
      wait_ready: true,
      listen_timeout: 60_000,

      // SIGINT, then time to take back what rests and to make equal what has begun; hedges stay.
      kill_timeout: 15_000,
      kill_retry_time: 200,

      // A crash restarts at once, then ever later; ten that do not last a minute, within ten minutes of the first start, stop
      // for a human. Later ones the bot's own breaker counts (risk.breakers.restarts): it opens nothing then.
      max_restarts: 10,
      min_uptime: 60_000,
      exp_backoff_restart_delay: 200,
      // Configuration (2), refused (4), ledger (5): starting again would say the same, while a ledger in use or a full
      // disk (7) may pass. Never 0, which is what pm2 takes a kill by signal for. pm2 lists it as `waiting restart` then,
      // but does not restart it.
      stop_exit_codes: [2, 4, 5],

      merge_logs: true,
      time: true,
      // No probes inside the process, no look at the git repository.
      pmx: false,
      vizion: false,

      // Keys come from `.env`: whatever pm2 is given it shows to `pm2 env`, and `pm2 save` writes it to a file for all to read.
      filter_env: ['TANDEM_BINANCE_', 'TANDEM_BYBIT_', 'TANDEM_OKX_'],

      env: { TANDEM_CONFIG: 'config/sim.yaml' },
      env_paper: { TANDEM_CONFIG: 'config/paper.yaml' },
      env_testnet: { TANDEM_CONFIG: 'config/testnet.yaml' },
      // Also needs TANDEM_ARM=live in the environment: naming the file is not enough to trade real money.
      env_live: { TANDEM_CONFIG: 'config/live.yaml' },
    },
  ],
};
