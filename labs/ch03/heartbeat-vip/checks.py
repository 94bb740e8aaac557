"""Do two servers guard one address, and does a client get it back when one goes dark?

Who holds the address, the kernel says (through the platform's agent, with no tool of
the student's), and the client's ARP table must agree. How long it was away is measured
on the client while the power is really cut, and must be what ha.cf predicts.
"""

import re
import time

from labkit import Fault, Lab, Node, NotYet, Text, UnderFault, check, require
from labkit.net import Pinging, answers, interface, local_addresses, mac_of
from labkit.reading import not_understood
from labkit.witness import holds_within

ADDRESS = "192.168.1.129"
PAIR = ("n1", "n2")
OFF = Fault("power.off", "n1")
FREEZE = Fault("node.freeze", "n1")
THAW = Fault("node.thaw", "n1")
LOG = "/var/log/ha-log"
LONGEST_DEADTIME = 10.0
TAKEOVER = 12.0  # Seconds to run the resource script and to tell the network.
HAND_OVER = 15.0
WANTS_IT_BACK = 15.0  # By then, whoever takes it back by himself has begun to.
_KEY = re.compile(r"^\s*(\d{1,3})[ \t]+(\w+)(?:[ \t]+(\S.*?))?\s*$", re.M)
_TIMER = re.compile(
    r"^\s*(keepalive|warntime|deadtime|initdead)[ \t]+(\d{1,9})(ms|s|us)?\s*$", re.M
)
_UNITS = {"": 1.0, "s": 1.0, "ms": 1e-3, "us": 1e-6}


# ---- what is written down


@check(
    ja="2台の合言葉は同じで、暗号学的な方式を使い、root だけが読める",
    en="Both have the same key, of a cryptographic kind, that only root can read",
)
def keys_are_shared(lab: Lab) -> None:
    keys = [require_key(lab.node(name)) for name in PAIR]
    require(
        keys[0] == keys[1],
        ja="n1 と n2 の /etc/ha.d/authkeys が違います。",
        en="/etc/ha.d/authkeys differs between n1 and n2.",
        hint=Text(
            ja="方式と合言葉の両方が、同じでなければ相手を信用しません。",
            en="Both the method and the secret must be the same to be trusted.",
        ),
    )


def require_key(node: Node) -> tuple[str, str]:
    """Method and secret of the key in use."""
    text = node.read("/etc/ha.d/authkeys")
    require(
        text is not None,
        ja=f"{node.name} に /etc/ha.d/authkeys がありません。",
        en=f"{node.name} has no /etc/ha.d/authkeys.",
    )
    used = re.search(r"^\s*auth[ \t]+(\d{1,3})\s*$", text or "", re.M)
    keys = {number: (how, what) for number, how, what in _KEY.findall(text or "")}
    method, secret = keys.get(used[1] if used else "", ("", ""))
    require(
        method,
        ja=f"{node.name} の authkeys の auth の行が、どの鍵も指していません。",
        en=f"In authkeys of {node.name} the line `auth` points to no key.",
    )
    require(
        method in ("sha1", "md5") and secret,
        ja=f"{node.name} の方式は {method} です。合言葉のない方式では、誰でも"
        "ハートビートをまねできます。",
        en=f"The method on {node.name} is {method}. Without a secret anybody can "
        "imitate a heartbeat.",
        hint=Text(
            ja="authkeys で使える3つの方式のうち、どれが改ざんを防ぎますか。",
            en="Which of the three methods in authkeys keeps forgeries out?",
        ),
    )
    mode = node.output(["stat", "-c", "%a", "/etc/ha.d/authkeys"])
    require(
        mode in ("600", "400"),
        ja=f"{node.name} の authkeys のモードは {mode} です。root だけが読めるように"
        "します。",
        en=f"The mode of authkeys on {node.name} is {mode}; only root may read it.",
    )
    return method, secret


@check(
    ja="4つの時間の大小が正しく、2台で同じである",
    en="The four times are in the right order, and the same on both",
)
def timers_are_ordered(lab: Lab) -> None:
    first, second = (require_timers(lab.node(name)) for name in PAIR)
    require(
        first == second,
        ja="n1 と n2 の ha.cf で、時間の設定が違います。",
        en="The times in ha.cf differ between n1 and n2.",
    )


def require_timers(node: Node) -> dict[str, float]:
    """keepalive, warntime, deadtime and initdead, in seconds."""
    text = node.read("/etc/ha.d/ha.cf")
    require(
        text is not None,
        ja=f"{node.name} に /etc/ha.d/ha.cf がありません。",
        en=f"{node.name} has no /etc/ha.d/ha.cf.",
    )
    found = {
        name: int(value) * _UNITS[unit] for name, value, unit in _TIMER.findall(text)
    }
    missing = [
        name
        for name in ("keepalive", "warntime", "deadtime", "initdead")
        if not found.get(name)
    ]
    require(
        not missing,
        ja=f"{node.name} の ha.cf に {'・'.join(missing)} がありません。",
        en=f"ha.cf of {node.name} lacks {', '.join(missing)}.",
    )
    keep, warn, dead = (found[each] for each in ("keepalive", "warntime", "deadtime"))
    require(
        keep < warn < dead,
        ja=f"{node.name} では keepalive {keep:g} 秒、warntime {warn:g} 秒、deadtime "
        f"{dead:g} 秒です。この順に大きくなるはずです。",
        en=f"On {node.name} keepalive is {keep:g} s, warntime {warn:g} s, deadtime "
        f"{dead:g} s; each should be greater than the one before.",
        hint=Text(
            ja="警告は、停止とみなす前に出て初めて役に立ちます。",
            en="A warning is of use only before the other is declared dead.",
        ),
    )
    require(
        found["initdead"] >= 2 * dead,
        ja=f"{node.name} の initdead は {found['initdead']:g} 秒で、deadtime "
        f"{dead:g} 秒の2倍より短いです。",
        en=f"initdead on {node.name} is {found['initdead']:g} s, less than twice "
        f"the deadtime of {dead:g} s.",
    )
    require(
        dead <= LONGEST_DEADTIME,
        ja=f"{node.name} の deadtime は {dead:g} 秒です。この演習では "
        f"{LONGEST_DEADTIME:g} 秒以内にします。",
        en=f"deadtime on {node.name} is {dead:g} s; here it is to be at most "
        f"{LONGEST_DEADTIME:g} s.",
    )
    return found


# ---- who holds the address


def holders(lab: Lab) -> list[str]:
    return [name for name in PAIR if ADDRESS in local_addresses(lab.node(name))]


def require_one_holder(lab: Lab, wanted: str = "") -> None:
    """One of the two alone (`wanted`, if given) holds the address, and the client
    reaches it there."""
    found = holders(lab)
    right_ja, right_en = wanted or "1台", wanted or "one of them"
    require(
        len(found) == 1 and wanted in ("", found[0]),
        ja=f"代表IP {ADDRESS} を持っているのは「{' と '.join(found) or 'なし'}」です。"
        f"{right_ja}だけが持つはずです。",
        en=f"{ADDRESS} is held by {' and '.join(found) or 'nobody'}; it should be held "
        f"by {right_en} alone.",
        hint=Text(
            ja="2台の haresources と、ログの終わりを見比べてください。",
            en="Compare haresources on the two, and the end of their logs.",
        ),
    )
    client, card = lab.node("client"), interface(lab.node(found[0]), "eth0")
    require(
        answers(client, ADDRESS),
        ja=f"代表IPは {found[0]} にありますが、client から届きません。",
        en=f"{found[0]} has the address, but client cannot reach it.",
    )
    known = mac_of(client, ADDRESS)
    require(
        card and known == card.mac,
        ja=f"client が覚えている代表IPの MAC アドレスは {known} で、{found[0]} の eth0 "
        "ではありません。",
        en=f"For that address client remembers the MAC {known}, which is not eth0 of "
        f"{found[0]}.",
    )


def require_together(lab: Lab) -> None:
    """Both run heartbeat, and each counts the other as alive."""
    for name, other in (PAIR, PAIR[::-1]):
        node = lab.node(name)
        listening = re.search(
            r"^\s*\d+: [0-9A-F]{8}:02B6 ", node.read("/proc/net/udp") or "", re.M
        )
        require(
            listening,
            ja=f"{name} では、UDP 694 番でハートビートを聞いているプログラムが"
            "ありません。",
            en=f"On {name} nobody listens for heartbeats on UDP port 694.",
            hint=Text(
                ja=f"{name} の heartbeat の状態と、{LOG} を見てください。",
                en=f"See the state of heartbeat on {name}, and {LOG}.",
            ),
        )
        said = node.run(["cl_status", "nodestatus", other])
        state = (said.stdout or said.stderr).strip()[:80]
        require(
            said.ok and state == "active",
            ja=f"{name} から見た {other} の状態は「{state or '不明'}」です。"
            "active のはずです。",
            en=f"As {name} sees it, {other} is {state or 'unknown'}; it should be "
            "active.",
            hint=Text(
                ja="ha.cf の ucast の行が、互いに相手のアドレスを指していますか。",
                en="Does the line ucast in each ha.cf give the address of the other?",
            ),
        )


@check(
    ja="2台が互いを active と見て、代表IPは1台だけにあり、client から届く",
    en="Each sees the other as active; one alone holds the address, client reaches it",
    points=2,
)
def one_holds_the_address(lab: Lab) -> None:
    require_together(lab)
    require_one_holder(lab)


def hand_back(lab: Lab) -> None:
    """n2 gives up what it holds, as an administrator would make it."""
    lab.node("n2").run(["/usr/share/heartbeat/hb_standby", "all"])


def put_on_n1(lab: Lab) -> None:
    """Where a student's own trials left the address is no mistake."""
    require_together(lab)
    if holders(lab) == ["n2"]:
        hand_back(lab)
    holds_within(30, lambda: require_one_holder(lab, "n1"))


def client_calls(lab: Lab) -> Pinging:
    return Pinging(lab.node("client"), ADDRESS)


def start_calling(lab: Lab) -> None:
    """With the address on n1, the client begins to call."""
    put_on_n1(lab)
    client_calls(lab).start()
    time.sleep(1)


def outage(lab: Lab) -> float:
    """The client's longest time without an answer. It stops calling."""
    calls = client_calls(lab)
    calls.stop()
    require(
        calls.replies(),
        ja="client の ping に、返事が1つもありませんでした。",
        en="The ping on client got no answer at all.",
    )
    return calls.longest_gap()


# ---- what happens when a machine goes, comes back, or falters


@check(
    ja="n1 の電源が落ちると、deadtime から予測した時間のうちに n2 が代表IPを引き継ぐ",
    en="When n1 loses its power, n2 takes over within the time deadtime predicts",
    points=3,
    after=one_holds_the_address,
    mode=UnderFault(OFF, before=start_calling, repair=lambda lab: wait_for_n1(lab)),
    time_limit=90,
)
def moves_when_power_is_lost(lab: Lab) -> None:
    n2, client = lab.node("n2"), lab.node("client")
    timers = require_timers(n2)
    keep, dead = timers["keepalive"], timers["deadtime"]

    def taken_over() -> None:
        require(
            ADDRESS in local_addresses(n2),
            ja=f"n1 の電源を落として {dead + 2 * TAKEOVER:g} 秒待っても、n2 は代表IPを"
            "持ちません。",
            en=f"{dead + 2 * TAKEOVER:g} seconds after n1 lost its power, n2 does not "
            "have the address.",
            hint=Text(
                ja=f"n2 の haresources と {LOG} を見てください。",
                en=f"See haresources on n2, and {LOG} there.",
            ),
        )
        require(
            answers(client, ADDRESS),
            ja="n2 は代表IPを持ちましたが、client から届きません。",
            en="n2 has the address, but client cannot reach it.",
        )

    holds_within(dead + 2 * TAKEOVER, taken_over)
    time.sleep(1)
    gap = outage(lab)
    least, most = dead - keep - 1, dead + TAKEOVER
    require(
        gap >= least,
        ja=f"途切れは {gap:.1f} 秒でした。deadtime {dead:g} 秒なら {least:g} 秒より"
        "短くはなりません。動いている heartbeat は、いまの ha.cf と同じ値ですか。",
        en=f"Client was cut off for {gap:.1f} s; a deadtime of {dead:g} s does not "
        f"allow less than {least:g}. Does heartbeat run with the ha.cf that is there?",
    )
    require(
        gap <= most,
        ja=f"client から見て {gap:.1f} 秒途切れました（deadtime {dead:g} 秒と、"
        f"引き継ぎの {TAKEOVER:g} 秒まで）。",
        en=f"Client was cut off for {gap:.1f} s (at most {most:g}: a deadtime of "
        f"{dead:g} s and {TAKEOVER:g} s to take over).",
    )


def wait_for_n1(lab: Lab) -> None:
    """n1 has its power again. Until it has rejoined; what it does not do, the next
    check will see."""
    client_calls(lab).stop()
    try:
        holds_within(40, lambda: require_together(lab))
    except NotYet:
        return


@check(
    ja="戻ってきた n1 は代表IPを奪わず、手で返すと n1 に移る",
    en="n1, back again, does not seize the address, and gets it when it is handed back",
    points=2,
    after=moves_when_power_is_lost,
    time_limit=120,
)
def stays_until_handed_back(lab: Lab) -> None:
    holds_within(20, lambda: require_together(lab))
    until = time.monotonic() + WANTS_IT_BACK
    while time.monotonic() < until:
        found = holders(lab)
        require(
            found == ["n2"],
            ja="n1 が戻ってくると、代表IPは n2 を離れました（いまの持ち主は"
            f"「{' と '.join(found) or 'なし'}」）。"
            "client から見れば、もう一度の途切れです。",
            en="When n1 was back the address left n2 (now held by "
            f"{' and '.join(found) or 'nobody'}): another interruption for client.",
            hint=Text(
                ja="戻ってきたときの振る舞いは、ha.cf のどの行で決まりますか。",
                en="Which line of ha.cf decides what happens on return?",
            ),
        )
        time.sleep(1)
    require_one_holder(lab, "n2")
    client_calls(lab).start()
    time.sleep(1)
    hand_back(lab)
    holds_within(30, lambda: require_one_holder(lab, "n1"))
    gap = outage(lab)
    require(
        gap <= HAND_OVER,
        ja=f"手で返す間に、client から見て {gap:.1f} 秒途切れました"
        f"（{HAND_OVER:g} 秒まで）。",
        en=f"While it was handed back client was cut off for {gap:.1f} s (at most "
        f"{HAND_OVER:g}).",
    )


class Plot:
    """What was seen before the fault, kept until after it."""

    warnings: int = 0


plot = Plot()


def warnings(lab: Lab) -> int:
    """How often n2 has written that a heartbeat of n1 came late."""
    said = lab.node("n2").run(["grep", "-c", "Late heartbeat: Node n1:", LOG])
    if not re.fullmatch(r"\d{1,9}\n", said.stdout):
        raise not_understood(LOG, said.stdout or said.stderr)
    return int(said.stdout)


def count_warnings(lab: Lab) -> None:
    put_on_n1(lab)
    plot.warnings = warnings(lab)


@check(
    ja="n1 が warntime を少し超えてフリーズしても、警告だけで、引き継ぎは起こらない",
    en="When n1 hangs for a little over warntime, there is a warning, nothing moves",
    after=one_holds_the_address,
    mode=UnderFault(FREEZE, before=count_warnings),
    time_limit=60,
)
def late_is_not_dead(lab: Lab) -> None:
    time.sleep(require_timers(lab.node("n2"))["warntime"] + 0.5)
    lab.inject(THAW)

    def warned() -> None:
        require(
            warnings(lab) > plot.warnings,
            ja=f"n1 をフリーズさせても、n2 の {LOG} に遅れの警告が増えません。",
            en=f"n1 hung, and no new warning of a late heartbeat is in {LOG} of n2.",
        )

    holds_within(10, warned)
    require_together(lab)
    require_one_holder(lab, "n1")
