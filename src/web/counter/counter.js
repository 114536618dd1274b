// The display at a counter: shows each bill as the engine settles it. It has no keyboard, so it must come back by itself.

const PREVIOUS_SHOWN = 12;
const RETRY_MS = 3_000;
const CHECK_MS = 15_000;

const KINDS = {
  outpatient: ['门诊', 'Outpatient'],
  pharmacy: ['药店购药', 'Pharmacy'],
  inpatient: ['住院', 'Inpatient'],
  specialDisease: ['门诊慢特病', 'Special disease'],
};

const FUNDS = {
  pool: ['基本医保统筹', 'Basic pool'],
  largeCost: ['大额医疗补助', 'Large-cost fund'],
  seriousIllness: ['大病保险', 'Serious illness'],
  civilServant: ['公务员医疗补助', 'Civil servants'],
  medicalAid: ['医疗救助', 'Medical aid'],
};

const PARTS = {
  deductible: ['起付线', 'Deductible'],
  coinsurance: ['按比例自付', 'Co-payment'],
  firstSelfPay: ['乙类先行自付', 'First self-pay'],
  outOfArea: ['异地先行自付', 'Out-of-area self-pay'],
  fullSelfPay: ['目录外自费', 'Not in catalogue'],
  compliantSelfPay: ['目录外合规自费', 'Compliant, not listed'],
  overLimit: ['超限价自费', 'Over price limit'],
  overCap: ['超封顶线', 'Over the cap'],
  accountFirst: ['账户先行支付', 'Account pays first'],
};

const PURSES = {
  current: ['当年账户', 'This year'],
  carried: ['历年账户', 'Earlier years'],
  family: ['家庭共济账户', 'Relative'],
};

const FIGURES = {
  settled: {
    total: ['费用总额', 'Total bill'],
    fund: ['基金支付', 'Insurance pays'],
    account: ['账户支付', 'Account pays'],
    cash: ['现金支付', 'You pay'],
  },
  reversed: {
    total: ['费用总额', 'Total bill'],
    fund: ['基金收回', 'Taken back'],
    account: ['退回账户', 'Back to account'],
    cash: ['退还现金', 'You get back'],
  },
};

const PROVENANCE = {
  memory: ['部分政策参数尚未核对', 'Some values of law are unverified'],
  illustrative: ['演示参数，非实际待遇', 'Illustrative values, not an actual entitlement'],
};

const CONNECTION = {
  connecting: ['正在连接', 'Connecting'],
  live: ['已连接', 'Connected'],
  lost: ['连接中断，正在重连', 'Disconnected, trying again'],
  refused: ['本屏地址无效，请联系管理员', 'This address is not valid'],
};

const byId = (id) => document.getElementById(id);

function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

/** Chinese, with English below. */
function both([zh, en]) {
  const english = element('small', '', en);
  english.lang = 'en';
  return element('span', '', zh, english);
}

/** "12345.60" → "12,345.60", digit by digit: an amount never becomes a number to be shown. */
function yuan(text) {
  const [whole, fraction] = text.split('.');
  const sign = whole.startsWith('-') ? '−' : '';
  return `${sign}${whole.replace('-', '').replace(/\B(?=(\d{3})+$)/g, ',')}.${fraction}`;
}

const isZero = (text) => /^-?0\.00$/.test(text);

function figure(className, words, amount) {
  const shown = yuan(amount);
  return element('div', `figure ${className}`, both(words), element('b', shown.length > 9 ? 'long' : '', shown));
}

function origins(words, names, amounts) {
  const rows = Object.keys(names)
    .filter((key) => !isZero(amounts[key]))
    .map((key) => element('li', '', both(names[key]), element('b', 'amount', yuan(amounts[key]))));
  return rows.length === 0 ? '' : element('div', '', element('h2', '', both(words)), element('ul', '', ...rows));
}

/** How much of the total each payer bears; only lengths are computed, nothing that is read. */
function bar({ total, fundTotal, account, cash }) {
  const parts = [fundTotal, account, cash].map((part) => {
    const length = element('i', '');
    length.style.width = `${(Number(part) / Number(total)) * 100 || 0}%`;
    return length;
  });
  return element('div', 'bar', ...parts);
}

const timeOf = ({ settledAt }) => settledAt.slice(11, 16);

function notices({ event, provenance, correction }) {
  const shown = [];
  if (correction) {
    const isMore = !correction.difference.startsWith('-');
    const amount = yuan(correction.difference.replace('-', ''));
    const words = isMore
      ? [`应补现金 ${amount}`, `to pay: ${amount}`]
      : [`应退现金 ${amount}`, `to get back: ${amount}`];
    const text = [`参保地核实后更正，${words[0]}`, `Corrected by the home fund, ${words[1]}`];
    shown.push(element('p', 'notice reversed', both(text)));
  }
  if (event === 'reversed') {
    shown.push(element('p', 'notice reversed', both(['本单已撤销，金额退回', 'Reversed: these amounts are returned'])));
  }
  const words = PROVENANCE[provenance];
  if (words) shown.push(element('p', 'notice provenance', both(words)));
  return shown;
}

function renderLatest(bill) {
  const { shares, personParts } = bill;
  const words = FIGURES[bill.event];
  const kind = KINDS[bill.kind];
  const person = both([`参保地 ${bill.homeName}`, `Insured in ${bill.homeNameEn}`]);
  const about = both([`${kind[0]} ${timeOf(bill)}`, `${kind[1]} · ${bill.billNumber}`]);
  about.className = 'kind';
  byId('latest').replaceChildren(
    element('div', 'who', element('b', '', bill.personName), person, about),
    ...notices(bill),
    element(
      'div',
      'figures',
      figure('total', words.total, shares.total),
      figure('fund', words.fund, shares.fundTotal),
      figure('account', words.account, shares.account),
      figure('cash', words.cash, shares.cash),
    ),
    bar(shares),
    element(
      'div',
      'origins',
      element(
        'div',
        '',
        origins(['医保基金支付', 'Insurance pays'], FUNDS, shares.funds),
        origins(['个人账户', 'Accounts'], PURSES, shares.accounts),
      ),
      origins(['个人负担构成', 'Your share is'], PARTS, personParts),
    ),
  );
}

function previousItem({ event, personName, homeName, shares, undone, ...bill }) {
  const top = element('div', '', element('span', '', `${timeOf(bill)} ${personName}`), element('small', '', homeName));
  const words = event === 'reversed' ? ['退', 'back'] : ['现金', 'cash'];
  const cash = element('span', 'amount cash', `${words[0]} ${yuan(shares.cash)}`);
  return element(
    'li',
    undone ? 'undone' : event,
    top,
    element('div', '', element('span', 'amount', yuan(shares.total)), cash),
  );
}

const SCALE_MIN = 0.5;

/** Makes the latest bill smaller until all of it can be seen. */
function fit() {
  const main = document.querySelector('main');
  for (let scale = 1; scale >= SCALE_MIN; scale -= 0.04) {
    byId('latest').style.setProperty('--scale', scale);
    if (main.scrollHeight <= main.clientHeight && main.scrollWidth <= main.clientWidth) return;
  }
}

addEventListener('resize', fit);

/** Bills by id, oldest first. */
const bills = new Map();

function render() {
  const all = [...bills.values()];
  const latest = all.pop();
  byId('latest').hidden = latest === undefined;
  byId('waiting').hidden = latest !== undefined;
  if (latest) renderLatest(latest);
  fit();
  byId('previous').replaceChildren(...all.slice(-PREVIOUS_SHOWN).reverse().map(previousItem));
}

function showConnection(state) {
  const [zh, en] = CONNECTION[state];
  byId('connection').dataset.state = state;
  byId('connection-zh').textContent = zh;
  byId('connection-en').textContent = en;
}

const institution = decodeURIComponent(location.pathname.split('/').pop());
const stream = `/v1/counters/${encodeURIComponent(institution)}/events${location.search}`;
let source;

/** Whether the engine answers, and whether it knows this display. An event source does not say why it failed. */
async function lookAgain() {
  const gone = new AbortController();
  const timer = setTimeout(() => gone.abort(), CHECK_MS);
  try {
    const { status } = await fetch(stream, { signal: gone.signal });
    return status === 200 ? 'connecting' : status < 500 ? 'refused' : 'lost';
  } catch {
    return 'lost';
  } finally {
    clearTimeout(timer);
    gone.abort();
  }
}

async function reconnect() {
  source?.close();
  source = undefined;
  showConnection('lost');
  const state = await lookAgain();
  showConnection(state);
  if (state === 'connecting') connect();
  else setTimeout(reconnect, RETRY_MS);
}

function take({ data }) {
  const bill = JSON.parse(data);
  bills.set(bill.settlementId, bill);
  const undone = bills.get(bill.reverses);
  if (undone) undone.undone = true;
  render();
}

function connect() {
  source = new EventSource(stream);
  source.addEventListener('counter', ({ data }) => {
    const { name, nameEn } = JSON.parse(data);
    byId('institution').textContent = name;
    byId('institution-en').textContent = nameEn;
    // The latest bills follow: what was shown before may have missed some.
    bills.clear();
    showConnection('live');
    render();
  });
  source.addEventListener('settled', take);
  source.addEventListener('reversed', take);
  source.addEventListener('error', () => void reconnect(), { once: true });
}

/** A cable that is pulled ends no connection: ask now and then whether anybody is there. */
async function checkNow() {
  if (source === undefined) return;
  try {
    await fetch('/healthz', { signal: AbortSignal.timeout(CHECK_MS / 2) });
  } catch {
    if (source !== undefined) void reconnect();
  }
}

connect();
setInterval(() => void checkNow(), CHECK_MS);
