/**
 * Everything a fresh clone needs before it can run: dependencies, the native SQLite binding, the build in `dist`.
 * Does only what is missing, and says nothing when nothing is. Run: `node scripts/setup.mjs`.
 *
 * No dependency and no recent syntax: an old Node must get far enough to be told that it is too old.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const MODULES = path.join(ROOT, 'node_modules');
const DIST = path.join(ROOT, 'dist');
const BUILT_FROM = path.join(DIST, '.built-from');
const LOCK = path.join(ROOT, '.setup.lock');
const OLDEST_NODE = 20;
/** Longer than a compilation of SQLite on a slow machine. */
const LOCK_WAIT_MS = 15 * 60 * 1000;
const SHOWN_LINES = 15;

main();

function main() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < OLDEST_NODE) {
    fail(`Node ${process.versions.node} is too old; tandem needs ${OLDEST_NODE} or later. Fix: nvm install 22`);
  }
  process.chdir(ROOT);
  if (isReady()) return;
  // Two at once would remove the dependencies under each other's feet.
  const unlock = lock();
  try {
    if (!isInstalled()) install();
    if (!bindingLoads()) rebuildBinding();
    const sources = hashSources();
    if (readText(BUILT_FROM) !== sources) build(sources);
  } finally {
    unlock();
  }
}

function isReady() {
  return isInstalled() && bindingLoads() && readText(BUILT_FROM) === hashSources();
}

/** Whether what npm says it installed is what the lockfile asks for. npm writes its note last, so it proves the rest. */
function isInstalled() {
  const wanted = lockedPackages(path.join(ROOT, 'package-lock.json'));
  const found = lockedPackages(path.join(MODULES, '.package-lock.json'));
  if (!wanted) fail('package-lock.json is missing or unreadable. Fix: git checkout package-lock.json');
  if (!found) return false;
  for (const name of Object.keys(found)) if (!wanted[name]) return false;
  for (const name of Object.keys(wanted)) {
    if (name === '') continue;
    if (found[name] ? found[name].version !== wanted[name].version : !isOptional(wanted[name])) return false;
  }
  return true;
}

/** Built for other platforms, or wanted by nobody. */
function isOptional(entry) {
  return Boolean(entry.optional || entry.devOptional);
}

function lockedPackages(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8')).packages;
  } catch (_) {
    return undefined;
  }
}

function install() {
  say('installing dependencies; the first time also compiles SQLite, which can take two minutes');
  const result = npm(['ci', '--include=dev', '--no-audit', '--no-fund']);
  if (result.ok) return;
  const missing = missingCompiler();
  fail(missing ? `the SQLite binding cannot be compiled: ${missing}` : `npm ci failed.\n${result.output}`);
}

/** In a child: a binding that failed to load once stays failed in this process. */
function bindingLoads(isFirst = true) {
  const load = "new (require('better-sqlite3'))(':memory:').close()";
  if (!isFirst) return spawnSync(process.execPath, ['-e', load], { cwd: ROOT }).status === 0;
  try {
    const Database = createRequire(path.join(ROOT, 'package.json'))('better-sqlite3');
    new Database(':memory:').close();
    return true;
  } catch (_) {
    return false;
  }
}

/** The binding is missing (install scripts were off) or belongs to another Node version. */
function rebuildBinding() {
  // Right after an installation, this process may only remember the failure from before.
  if (bindingLoads(false)) return;
  say('compiling the SQLite binding for this Node version');
  const result = npm(['rebuild', 'better-sqlite3']);
  if (result.ok && bindingLoads(false)) return;
  const missing = missingCompiler();
  const reason = missing || `npm rebuild better-sqlite3 did not help.\n${result.output}`;
  fail(`the SQLite binding does not load: ${reason}`);
}

/** What node-gyp needs and does not find, with the fix; undefined when all is there. */
function missingCompiler() {
  const found = (names) => names.some((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0);
  if (process.platform === 'win32') {
    return found(['python', 'python3', 'py'])
      ? undefined
      : 'Python is missing. Fix: winget install Python.Python.3.12 Microsoft.VisualStudio.2022.BuildTools';
  }
  const missing = [
    [['c++', 'g++', 'clang++'], 'a C++ compiler'],
    [['make', 'gmake'], 'make'],
    [['python3', 'python'], 'Python'],
  ].filter((tool) => !found(tool[0]));
  if (missing.length === 0) return undefined;
  const fix =
    process.platform === 'darwin'
      ? 'xcode-select --install'
      : 'sudo apt-get install -y g++ make python3 (Fedora: dnf install gcc-c++ make python3; Alpine: apk add g++ make python3)';
  return `${missing.map((tool) => tool[1]).join(' and ')} missing. Fix: ${fix}`;
}

/** Over names and contents of all that the build reads. */
function hashSources() {
  const hash = createHash('sha256');
  const add = (file) => {
    hash.update(`${file}\0`);
    hash.update(fs.readFileSync(path.join(ROOT, file)));
    hash.update('\0');
  };
  ['package-lock.json', 'package.json', 'tsconfig.json'].forEach(add);
  const walk = (folder) => {
    const entries = fs.readdirSync(path.join(ROOT, folder), { withFileTypes: true });
    entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const entry of entries) {
      const file = `${folder}/${entry.name}`;
      if (entry.isDirectory()) walk(file);
      else add(file);
    }
  };
  walk('src');
  return hash.digest('hex');
}

/** Beside `dist` first: a failed build leaves the old one, a good one leaves no file of a removed source behind. */
function build(sources) {
  say('building');
  const next = path.join(ROOT, 'dist.next');
  remove(next);
  const tsc = path.join(MODULES, 'typescript', 'bin', 'tsc');
  const result = run(process.execPath, [tsc, '-p', 'tsconfig.json', '--outDir', next]);
  if (!result.ok) {
    remove(next);
    fail(`the build failed.\n${result.output}`);
  }
  // npx remembers where the command was: of those who have used it before `scripts/tandem.mjs`, here.
  fs.chmodSync(path.join(next, 'cli', 'main.js'), 0o755);
  fs.writeFileSync(path.join(next, path.basename(BUILT_FROM)), sources);
  const old = path.join(ROOT, 'dist.old');
  remove(old);
  if (fs.existsSync(DIST)) fs.renameSync(DIST, old);
  fs.renameSync(next, DIST);
  remove(old);
}

/** npm as it was started, else the one on the path. */
function npm(args) {
  const cli = process.env.npm_execpath;
  if (cli && /npm-cli\.c?js$/.test(cli)) return run(process.execPath, [cli].concat(args));
  const isWindows = process.platform === 'win32';
  return run(isWindows ? 'npm.cmd' : 'npm', args, isWindows);
}

function run(command, args, shell = false) {
  const result = spawnSync(command, args, {
    cwd: ROOT,
    shell,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 * 1024 * 1024,
  });
  const text = result.error ? String(result.error.message) : `${result.stdout}${result.stderr}`;
  return { ok: result.status === 0, output: shortened(text) };
}

/** The cause is told first, or last. */
function shortened(text) {
  const lines = text.trim().split('\n');
  if (lines.length <= 2 * SHOWN_LINES) return lines.join('\n');
  return lines.slice(0, SHOWN_LINES).concat('...', lines.slice(-SHOWN_LINES)).join('\n');
}

/**
 * Waits for whoever holds the lock, or takes over from one that died. A link appears with its content or not at all,
 * so there is no moment without an owner's name in it.
 */
function lock() {
  const mine = `${LOCK}.${process.pid}`;
  const deadline = Date.now() + LOCK_WAIT_MS;
  fs.writeFileSync(mine, String(process.pid));
  let isWaiting = false;
  try {
    while (!tryLink(mine)) {
      const owner = readText(LOCK);
      if (owner !== undefined && !isAlive(Number(owner))) {
        takeAway(owner);
        continue;
      }
      if (Date.now() > deadline) fail(`process ${owner} still holds ${LOCK}. Fix: end it, or delete that file`);
      if (!isWaiting) say(`waiting for the set-up that process ${owner} runs`);
      isWaiting = true;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    }
  } finally {
    fs.unlinkSync(mine);
  }
  const unlock = () => {
    if (readText(LOCK) === String(process.pid)) fs.unlinkSync(LOCK);
  };
  process.on('exit', unlock);
  return unlock;
}

function tryLink(file) {
  try {
    fs.linkSync(file, LOCK);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Removes a dead owner's lock; when another has just taken over, gives it back. */
function takeAway(owner) {
  const away = `${LOCK}.${process.pid}.dead`;
  try {
    fs.renameSync(LOCK, away);
  } catch (error) {
    if (error.code === 'ENOENT') return;
    throw error;
  }
  if (readText(away) !== owner) tryLink(away);
  fs.unlinkSync(away);
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function readText(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (_) {
    return undefined;
  }
}

function remove(folder) {
  fs.rmSync(folder, { recursive: true, force: true });
}

function say(text) {
  process.stderr.write(`tandem: ${text}\n`);
}

function fail(text) {
  process.stderr.write(`tandem: ${text}\n`);
  process.exit(1);
}
