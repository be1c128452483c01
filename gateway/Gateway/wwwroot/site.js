// The public notices. Everything from the network is put on the page as text, never as markup, and any field may be missing.

const pageMax = 50;
const kinds = {
  tender: ['招标公告', 'Tender'],
  amendment: ['变更公告', 'Amendment'],
  candidates: ['候选人公示', 'Candidates'],
  award: ['中标公告', 'Award'],
  contract: ['合同公告', 'Contract'],
  failure: ['流标公告', 'Failed'],
};
const categories = { works: '工程 Works', goods: '货物 Goods', services: '服务 Services' };
const minorDigits = { CNY: 2, JPY: 0 };
const byId = id => document.getElementById(id);
const state = { kind: '', shown: 0, last: null, open: null };

// --- words and elements

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value != null) made.setAttribute(key, value);
  made.append(...children.filter(child => child != null));
  return made;
}

const english = text => element('span', { lang: 'en' }, text);
const bilingual = (chinese, inEnglish) => [chinese + ' ', english(inEnglish)];
const text = value => value == null || value === '' ? '—' : String(value);

const format = new Intl.DateTimeFormat('zh-CN', { timeZone: 'Asia/Shanghai', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
function localTime(moment, withClock = true) {
  const date = new Date(moment ?? NaN);
  if (Number.isNaN(date.getTime())) return '—';
  const part = Object.fromEntries(format.formatToParts(date).map(p => [p.type, p.value]));
  const day = `${part.year}-${part.month}-${part.day}`;
  return withClock ? `${day} ${part.hour}:${part.minute}` : day;
}

const when = (moment, withClock) => element('time', { datetime: moment ?? null }, localTime(moment, withClock));

function money(minor, currency = 'CNY') {
  if (typeof minor !== 'number') return '—';
  const digits = minorDigits[currency] ?? 2;
  const amount = (minor / 10 ** digits).toLocaleString('zh-CN', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return `${amount} ${currency === 'CNY' ? '元' : currency}`;
}

function kindMark(kind) {
  const [chinese, inEnglish] = kinds[kind] ?? [text(kind), ''];
  return element('span', { class: `kind ${kinds[kind] ? kind : ''}` }, ...bilingual(chinese, inEnglish));
}

// --- asking

async function ask(path) {
  const answer = await fetch(path, { headers: { Accept: 'application/json' }, credentials: 'same-origin' });
  if (!answer.ok) throw Object.assign(new Error(String(answer.status)), { status: answer.status });
  return answer.json();
}

function say(...content) {
  const line = byId('state');
  line.classList.remove('wrong');
  line.replaceChildren(...content);
}

function sayWrong(error, again) {
  const missing = error.status === 404;
  say(element('b', {}, missing ? '没有这个公告' : '暂时无法读取公告'),
    ...bilingual(missing ? '链接可能有误。' : '请稍后再试。', missing ? 'There is no such notice.' : 'The notices cannot be read at the moment. Please try again shortly.'));
  byId('state').classList.add('wrong');
  const button = element('button', { type: 'button', class: 'again' }, ...(missing ? bilingual('返回公告列表', 'All notices') : bilingual('重试', 'Try again')));
  button.addEventListener('click', missing ? () => { location.hash = ''; } : again);
  byId('state').append(element('div', {}, button));
}

// --- the list

function row(notice) {
  const lots = Array.isArray(notice.lots) ? notice.lots : [];
  const facts = [notice.tenderNumber ?? notice.number, ...lots.slice(0, 3).map(lot => lot?.title), lots.length > 3 ? `等 ${lots.length} 个标段` : null].filter(Boolean);
  return element('li', {}, element('a', { href: `#${encodeURIComponent(notice.id ?? '')}` },
    kindMark(notice.kind), element('span', { class: 'title' }, text(notice.title)),
    element('span', { class: 'when' }, when(notice.publishedAt, false)), element('span', { class: 'facts' }, facts.join(' · '))));
}

// A kind is chosen on the page, so a page of the service may bring none of it: read on until some are shown or all are read.
async function readMore() {
  byId('more').hidden = true;
  try {
    for (let full = true, added = 0; full && added === 0;) {
      const page = await ask(`/api/tenders/notices?limit=${pageMax}${state.last ? `&before=${encodeURIComponent(state.last)}` : ''}`);
      const notices = Array.isArray(page) ? page : page?.items ?? [];
      full = notices.length === pageMax;
      state.last = notices.at(-1)?.id ?? state.last;
      const fitting = notices.filter(notice => notice && (!state.kind || notice.kind === state.kind));
      byId('notices').append(...fitting.map(row));
      added = fitting.length;
      state.shown += added;
      byId('more').hidden = !full;
    }
    if (state.shown > 0) say();
    else say(element('b', {}, '暂无公告'), ...bilingual('有新的公告时将在此发布。', 'There are no notices yet. New ones are published here.'));
  } catch (error) {
    sayWrong(error, readMore);
  }
}

function clearList() {
  Object.assign(state, { shown: 0, last: null });
  byId('notices').replaceChildren();
  byId('more').hidden = true;
}

function readAgain() {
  clearList();
  say(...bilingual('正在读取公告', 'Reading the notices'));
  return readMore();
}

function showKinds() {
  const choices = [['', ['全部', 'All']], ...Object.entries(kinds).filter(([kind]) => kind !== 'amendment')];
  byId('kinds').replaceChildren(...choices.map(([kind, [chinese, inEnglish]]) => {
    const button = element('button', { type: 'button', 'aria-pressed': String(kind === state.kind) }, ...bilingual(chinese, inEnglish));
    button.addEventListener('click', () => { state.kind = kind; showKinds(); readAgain(); byId('kinds').querySelector('[aria-pressed="true"]').focus(); });
    return button;
  }));
}

// --- one notice

const moments = new Set(['publishedAt', 'publicityStartedAt', 'publicityEndsAt', 'awardedAt', 'signedAt', 'contractDueBy', 'failedAt']);
const labels = {
  number: ['项目编号', 'Tender number'], lot: ['标段', 'Lot'], category: ['类别', 'Category'], ruleSet: ['适用规则', 'Rule set'], tendererName: ['招标人', 'Tenderer'],
  tendererCode: ['招标人代码', "Tenderer's code"], agencyName: ['招标代理机构', 'Agency'], currency: ['币种', 'Currency'], publishedAt: ['发布时间', 'Published'],
  publicityStartedAt: ['公示开始', 'Publicity from'], publicityEndsAt: ['公示截止', 'Publicity until'], awardedAt: ['定标时间', 'Awarded'], reason: ['理由', 'Reason'],
  signedAt: ['签订时间', 'Signed'], contractDueBy: ['签订期限', 'To be signed by'], failedAt: ['流标时间', 'Failed'], bids: ['投标数量', 'Bids'], article: ['依据', 'Article'],
  documentsHash: ['招标文件摘要', 'Hash of the documents'], reportHash: ['评标报告摘要', 'Hash of the report'], contractHash: ['合同摘要', 'Hash of the contract'],
};

function facts(content) {
  const list = element('dl');
  for (const [key, label] of Object.entries(labels)) {
    const value = content[key];
    if (value == null || typeof value === 'object') continue;
    const shown = key === 'category' ? text(categories[value] ?? value) : moments.has(key) ? when(value) : key.endsWith('Hash') ? element('span', { class: 'hash' }, text(value)) : text(value);
    list.append(element('dt', {}, ...bilingual(...label)), element('dd', {}, shown));
  }
  return list;
}

function table(title, rows, columns) {
  if (!Array.isArray(rows) || rows.length === 0) return null;
  const head = element('tr', {}, ...columns.map(([label, , className]) => element('th', { scope: 'col', class: className }, ...bilingual(...label))));
  const body = rows.filter(Boolean).map(item => element('tr', {}, ...columns.map(([, read, className]) => element('td', { class: className }, read(item)))));
  return element('section', {}, element('h2', {}, title[0], element('small', { lang: 'en' }, title[1])),
    element('div', { class: 'scroll' }, element('table', {}, element('thead', {}, head), element('tbody', {}, ...body))));
}

function tables(content) {
  const currency = content.currency;
  return [
    table(['标段', 'Lots'], content.lots, [
      [['编号', 'No.'], lot => text(lot.number)], [['名称', 'Title'], lot => text(lot.title)],
      [['最高投标限价', 'Ceiling price'], lot => money(lot.ceilingPrice, currency), 'number'], [['投标保证金', 'Deposit'], lot => money(lot.deposit, currency), 'number'],
      [['投标截止', 'Bid deadline'], lot => when(lot.bidDeadline)], [['开标时间', 'Opening'], lot => when(lot.openingAt)],
    ]),
    table(['中标候选人', 'Candidates'], content.candidates, [
      [['名次', 'Rank'], bid => text(bid.rank)], [['投标人', 'Bidder'], bid => text(bid.bidderName)], [['评标价', 'Price'], bid => money(bid.price, bid.currency ?? currency), 'number'],
    ]),
    table(['中标人', 'Winner'], content.winner ? [content.winner] : null, [
      [['投标人', 'Bidder'], bid => text(bid.bidderName)], [['中标价', 'Price'], bid => money(bid.price, bid.currency ?? currency), 'number'],
    ]),
    table(['招标文件', 'Tender documents'], content.documents, [
      [['名称', 'Name'], file => text(file.name)], [['SHA-256', ''], file => element('span', { class: 'hash' }, text(file.sha256))],
    ]),
    table(['密钥保管人', 'Custodians of the sealing key'], content.custodians, [
      [['序号', 'Share'], custodian => text(custodian.index)], [['机构', 'Organisation'], custodian => text(custodian.organisationName)],
    ]),
  ].filter(Boolean);
}

async function showNotice(id) {
  const place = byId('notice');
  try {
    const notice = await ask(`/api/tenders/notices/${encodeURIComponent(id)}`);
    if (currentId() !== id) return;
    const content = notice.content && typeof notice.content === 'object' ? notice.content : notice;
    const back = element('a', { class: 'back', href: '#' }, ...bilingual('← 返回公告列表', 'All notices'));
    place.replaceChildren(back,
      element('header', {}, kindMark(notice.kind), element('h1', { id: 'notice-title', tabindex: '-1' }, text(notice.title)),
        element('p', { class: 'facts' }, text(notice.tenderNumber ?? notice.number), ' · ', when(notice.publishedAt))),
      facts(content), ...tables(content));
    if (notice.sha256) place.append(element('h2', {}, '公告摘要', element('small', { lang: 'en' }, 'Hash of this notice')), element('p', { class: 'hash' }, notice.sha256));
    state.open = id;
    byId('list').hidden = true;
    place.hidden = false;
    document.title = `${text(notice.title)} · 公共资源交易公告`;
    scrollTo(0, 0);
    byId('notice-title').focus({ preventScroll: true });
  } catch (error) {
    clearList();
    showList();
    sayWrong(error, () => showNotice(id));
  }
}

function showList() {
  byId('notice').hidden = true;
  byId('list').hidden = false;
  document.title = '公共资源交易公告 · Public Tenders';
}

// --- the address decides what is shown, so that a notice can be linked to and the browser's back works

function currentId() {
  try { return decodeURIComponent(location.hash.slice(1)); } catch { return ''; }
}

async function route() {
  const id = currentId();
  if (id && id !== 'main') return showNotice(id);
  showList();
  if (state.shown === 0) return readAgain();
  say();
  document.querySelector(`#notices a[href="#${CSS.escape(encodeURIComponent(state.open ?? ''))}"]`)?.focus();
}

// Where the market's clock is simulated, its time is what counts.
async function showClock() {
  try {
    const clock = await ask('/api/identity/clock');
    const [start, base, rate] = [performance.now(), Date.parse(clock.now), clock.rate ?? 1];
    const tick = () => { byId('now').textContent = localTime(base + (performance.now() - start) * rate) + (clock.mode === 'simulated' ? '（模拟时间）' : ''); };
    tick();
    setInterval(tick, 1000);
  } catch { byId('now').textContent = ''; }
}

byId('more').addEventListener('click', readMore);
addEventListener('hashchange', route);
showKinds();
showClock();
route();
