import type { Text } from './types';

/** What the server said when it refused, or that nobody answered (`unreachable`). */
export class ApiError extends Error {
	override name = 'ApiError';

	constructor(
		readonly status: number,
		readonly code: string,
		/** English, for people who read logs; the page shows `sentence(error)`. */
		readonly detail: string,
		readonly params: Readonly<Record<string, unknown>> = {}
	) {
		super(`${code}: ${detail}`);
	}

	get unreachable(): boolean {
		return this.code === 'unreachable';
	}
}

type Params = Readonly<Record<string, unknown>>;
type Sentence = Text | ((params: Params) => Text);

const SENTENCES: Readonly<Record<string, Sentence>> = {
	unreachable: {
		ja: 'サーバに届きません。入力は残っています。つながったら、もう一度お試しください。',
		en: 'The server is out of reach. What you typed is kept; try again when it is back.'
	},
	not_signed_in: {
		ja: 'サインインの期限が切れました。もう一度サインインしてください。',
		en: 'Your sign-in has ended. Please sign in again.'
	},
	foreign_origin: {
		ja: '別のアドレスから開かれたページなので受け付けられません。Nines の正しいアドレスで開き直してください。',
		en: 'This page was opened under another address. Open Nines under its own address and try again.'
	},
	wrong_credentials: {
		ja: '名前かパスワードが違います。大文字と小文字を確かめて、もう一度入力してください。',
		en: 'That name or password is not right. Check upper and lower case and try again.'
	},
	too_many_attempts: ({ seconds }) => ({
		ja: `続けて間違えたため、しばらく受け付けません。${wait(seconds).ja}後にもう一度お試しください。`,
		en: `Too many wrong tries. Wait ${wait(seconds).en}, then try again.`
	}),
	must_change_password: {
		ja: '配布された最初のパスワードのままです。先に自分のパスワードに変えてください。',
		en: 'You still have the password that was handed out. Change it to one of your own first.'
	},
	weak_password: {
		ja: 'このパスワードは推測されやすいものです。10文字以上で、名前を含まないものにしてください。',
		en: 'That password is easy to guess. Use at least 10 characters and leave your name out of it.'
	},
	not_found: {
		ja: '見つかりません。削除されたか、あなたのものではない可能性があります。',
		en: 'There is nothing here: it may be gone, or it may not be yours.'
	},
	session_already_live: {
		ja: '別の演習の環境が動いています。そちらを終えてから始めてください。',
		en: 'Another lab of yours is running. End that one first.'
	},
	too_large: {
		ja: '一度に送れる量を超えています。短くして、もう一度送ってください。',
		en: 'That is too much at once. Make it shorter and send it again.'
	},
	sandbox_full: {
		ja: 'いまは空きがありません。数分待ってから、もう一度始めてください。',
		en: 'There is no room right now. Wait a few minutes and start again.'
	},
	sandbox_unavailable: {
		ja: '演習環境の側で問題が起きました。少し待ってから、もう一度試してください。',
		en: 'Something went wrong where your machines run. Wait a moment and try again.'
	},
	node_unreachable: {
		ja: 'そのノードがいま応答しません。電源が入っているか確かめてください。',
		en: 'That node does not answer now. See whether its power is on.'
	},
	no_room: {
		ja: 'いまは空きがありません。数分待ってから、もう一度始めてください。',
		en: 'There is no room right now. Wait a few minutes and start again.'
	},
	does_not_fit: {
		ja: 'この演習は、いまのサーバのメモリでは動かせません。担当者に伝えてください。',
		en: 'This lab needs more memory than the server has. Tell whoever runs it.'
	},
	sandbox_lost: {
		ja: '機器が予期せず止まりました。得点は残っています。もう一度始めてください。',
		en: 'The machines stopped unexpectedly. Your points are kept; start again.'
	},
	no_extensions_left: {
		ja: 'これ以上は延長できません。残り時間のうちに判定を済ませておきましょう。',
		en: 'No extensions are left. Run your checks while there is time.'
	},
	fault_refused: {
		ja: 'いまの機器の状態では、この操作はできません。状態を確かめてから、もう一度お試しください。',
		en: 'The machine is not in a state for that. Look at its state and try again.'
	},
	fault_not_allowed: {
		ja: 'この演習では使わない操作です。',
		en: 'This lab does not use that fault.'
	},
	attempt_running: {
		ja: 'いま判定しています。終わるのを待ってから、もう一度押してください。',
		en: 'A check is running. Wait for it to end, then press again.'
	},
	unreadable_answer: {
		ja: '数値として読み取れませんでした。半角の数字で入力してください。回答はまだ使われていません。',
		en: 'That could not be read as a number. Type digits; your answer has not been used up.'
	},
	invalid_input: {
		ja: '入力の形が正しくありません。見直して、もう一度送ってください。',
		en: 'Something in the form is not right. Check it and send it again.'
	},
	internal: {
		ja: 'サーバで問題が起きました。もう一度試しても続くときは、担当者に伝えてください。',
		en: 'Something went wrong on the server. If it happens again, tell whoever runs it.'
	}
};

function wait(seconds: unknown): Text {
	const left = Math.max(1, Math.ceil(Number(seconds) || 60));
	if (left < 90) return { ja: `${left}秒`, en: left === 1 ? '1 second' : `${left} seconds` };
	const minutes = Math.ceil(left / 60);
	return { ja: `${minutes}分`, en: `${minutes} minutes` };
}

/** What a person reads, with the next thing to do; the server's own words where we have none. */
export function sentence(error: unknown): Text {
	if (!(error instanceof ApiError)) return pick(SENTENCES['internal']!, {});
	const known = SENTENCES[error.code];
	if (known) return pick(known, error.params);
	if (error.status === 404) return pick(SENTENCES['not_found']!, {});
	if (error.status >= 500 && !error.detail) return pick(SENTENCES['internal']!, {});
	return { ja: error.detail, en: error.detail };
}

function pick(known: Sentence, params: Params): Text {
	return typeof known === 'function' ? known(params) : known;
}

export const KNOWN_CODES = Object.keys(SENTENCES);
