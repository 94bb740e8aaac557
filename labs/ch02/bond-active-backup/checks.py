"""Do two network cards act as one, and does a client hardly notice when one goes?

The bond is read from the kernel by the platform's agent: `/proc/net` belongs to whoever
reads it, so what a student mounts there is not in our way. Whether the bond *works* is
seen from another machine: the client calls all the time while a cable is really cut.
"""

import time

from labkit import AfterReboot, Fault, Lab, Text, UnderFault, check, require
from labkit.net import Bond, Pinging, addresses, answers, bond
from labkit.witness import holds_within

ADDRESS = "192.168.1.161"
CARDS = ("eth0", "eth1")
CUT = Fault("cable.cut", "sv1", nic="eth0")
PLUG = Fault("cable.plug", "sv1", nic="eth0")
LONGEST_GAP = 2.0
SWITCHES_WITHIN = 5.0


def bond0(lab: Lab) -> Bond:
    found = bond(lab.node("sv1"))
    require(
        found,
        ja="bond0 という束（ボンディングインタフェース）がありません。",
        en="There is no bond called bond0.",
        hint=Text(
            ja="/proc/net/bonding に何がありますか。",
            en="What is there in /proc/net/bonding?",
        ),
    )
    assert found
    return found


@check(
    ja="bond0 は active-backup で、eth0 と eth1 が2枚とも生きている",
    en="bond0 is active-backup, with eth0 and eth1 in it, both up",
    points=2,
)
def bond_is_active_backup(lab: Lab) -> None:
    found = bond0(lab)
    require(
        "(active-backup)" in found.mode,
        ja=f"bond0 のモードは {found.mode or '不明'} です。active-backup にします。",
        en=f"The mode of bond0 is {found.mode or 'unknown'}, not active-backup.",
        hint=Text(
            ja="/proc/net/bonding/bond0 の Bonding Mode と、設定の bond-mode を"
            "見比べてください。",
            en="Compare Bonding Mode in /proc/net/bonding/bond0 with bond-mode in the "
            "configuration.",
        ),
    )
    hint = Text(
        ja="/proc/net/bonding/bond0 に並ぶ Slave Interface と、設定の bond-slaves、"
        "それから構成図のケーブルを見てください。",
        en="See the Slave Interfaces in /proc/net/bonding/bond0, bond-slaves in the "
        "configuration, and the cables in the topology.",
    )
    inside = sorted(port.name for port in found.ports)
    require(
        inside == sorted(CARDS),
        ja=f"bond0 に入っている NIC は「{' '.join(inside) or 'なし'}」です。"
        "eth0 と eth1 の2枚を入れます。",
        en=f"The cards in bond0 are: {' '.join(inside) or 'none'}. It should have "
        "eth0 and eth1.",
        hint=hint,
    )
    down = [port.name for port in found.ports if not port.up]
    require(
        not down,
        ja=f"bond0 の中で {'・'.join(down)} が up ではありません。",
        en=f"Not up in bond0: {', '.join(down)}.",
        hint=hint,
    )


@check(
    ja="リンクを100ミリ秒ごとに見張っている",
    en="The links are looked at every 100 ms",
    after=bond_is_active_backup,
)
def link_is_watched(lab: Lab) -> None:
    interval = bond0(lab).miimon
    require(
        interval,
        ja="リンクを見張る間隔（MII Polling Interval）が 0 です。0 は「見ない」です。",
        en="MII Polling Interval is 0: nobody looks at the links.",
        hint=Text(
            ja="この値は、設定のどの行で決まりますか。",
            en="Which line of the configuration sets this value?",
        ),
    )
    require(
        interval == 100,
        ja=f"リンクを見張る間隔は {interval} ミリ秒です。100 にします。",
        en=f"The links are looked at every {interval} ms; it should be 100.",
    )


@check(
    ja="アドレスは bond0 だけにあり、NIC には付いていない",
    en="The address is on bond0 alone, and none is on the cards",
    after=bond_is_active_backup,
)
def address_is_on_the_bond(lab: Lab) -> None:
    sv1 = lab.node("sv1")
    hint = Text(
        ja="インタフェースごとのアドレスと、/etc/network/interfaces に残った段落を"
        "見てください。",
        en="List the addresses by interface, and see which stanzas are left in "
        "/etc/network/interfaces.",
    )
    on_bond = addresses(sv1, "bond0")
    require(
        f"{ADDRESS}/24" in on_bond,
        ja=f"bond0 のアドレスは「{' '.join(on_bond) or 'なし'}」です。"
        f"{ADDRESS}/24 を付けます。",
        en=f"The addresses of bond0 are: {' '.join(on_bond) or 'none'}. It should "
        f"have {ADDRESS}/24.",
        hint=hint,
    )
    left = [f"{card} {each}" for card in CARDS for each in addresses(sv1, card)]
    require(
        not left,
        ja=f"NIC にアドレスが残っています（{'、'.join(left)}）。",
        en=f"Cards have addresses of their own: {', '.join(left)}.",
        hint=hint,
    )


def client_calls(lab: Lab) -> Pinging:
    return Pinging(lab.node("client"), ADDRESS)


def start_calling(lab: Lab) -> None:
    """With eth0 in use, the client begins to call."""
    # What the student's own trials left in use is no mistake: choose as an
    # administrator would.
    lab.node("sv1").run("echo eth0 >/sys/class/net/bond0/bonding/active_slave")
    require_in_use(lab, "eth0")
    require(
        answers(lab.node("client"), ADDRESS),
        ja=f"ケーブルを抜く前から、client から {ADDRESS} に届きません。",
        en=f"Client cannot reach {ADDRESS}, with no cable pulled yet.",
    )
    client_calls(lab).start()
    time.sleep(1)


def stop_calling(lab: Lab) -> None:
    client_calls(lab).stop()


def require_in_use(lab: Lab, card: str) -> None:
    def look() -> None:
        active = bond0(lab).active or "-"
        require(
            active == card,
            ja=f"{SWITCHES_WITHIN:.0f} 秒待っても、使われているのは {active} です。"
            f"{card} になるはずです。",
            en=f"After {SWITCHES_WITHIN:.0f} seconds the card in use is {active}; it "
            f"should be {card}.",
            hint=Text(
                ja="/proc/net/bonding/bond0 の Currently Active Slave・Primary Slave・"
                "MII Status を、抜く前と抜いたあとで見比べてください。",
                en="In /proc/net/bonding/bond0 compare Currently Active Slave, Primary "
                "Slave and MII Status before and after.",
            ),
        )

    holds_within(SWITCHES_WITHIN, look)


def require_short_gap(lab: Lab) -> None:
    """The client calls for two seconds more; for how long was it without answer?"""
    time.sleep(2)
    calls = client_calls(lab)
    calls.stop()
    require(
        calls.replies(),
        ja="client の ping に、返事が1つもありませんでした。",
        en="The ping on client got no answer at all.",
    )
    gap = calls.longest_gap()
    require(
        gap <= LONGEST_GAP,
        ja=f"client から見て {gap:.1f} 秒途切れました（{LONGEST_GAP:.0f} 秒まで）。",
        en=f"Client was cut off for {gap:.1f} s (at most {LONGEST_GAP:.0f}).",
        hint=Text(
            ja="client から呼びながらケーブルを抜き、抜けた番号を数えてください。",
            en="Pull the cable while client keeps calling, and count the numbers "
            "without an answer.",
        ),
    )


@check(
    ja="使用中の eth0 のケーブルを抜いても、client から見た途切れは2秒以内",
    en="With the cable of eth0 pulled, client is cut off for 2 seconds at most",
    points=3,
    after=link_is_watched,
    mode=UnderFault(CUT, before=start_calling, repair=stop_calling),
    time_limit=60,
)
def survives_cable_cut(lab: Lab) -> None:
    require_in_use(lab, "eth1")
    require_short_gap(lab)


@check(
    ja="ケーブルを挿し直すと eth0 に戻り、そのときの途切れも2秒以内",
    en="With the cable back eth0 is in use again, cut off for 2 seconds at most",
    points=2,
    after=survives_cable_cut,
    mode=UnderFault(CUT, before=start_calling, repair=stop_calling),
    time_limit=60,
)
def returns_to_primary(lab: Lab) -> None:
    require_in_use(lab, "eth1")
    lab.inject(PLUG)
    require_in_use(lab, "eth0")
    require_short_gap(lab)


@check(
    ja="再起動しても束のままで、client から届く",
    en="After a restart the bond is as it was, and client reaches it",
    after=bond_is_active_backup,
    mode=AfterReboot("sv1"),
    time_limit=60,
)
def survives_reboot(lab: Lab) -> None:
    # A stanza further down may still be on its way when the bond is up.
    lab.node("sv1").run(["systemctl", "is-system-running", "--wait"], timeout=60)

    def look() -> None:
        for each in (bond_is_active_backup, link_is_watched, address_is_on_the_bond):
            each.inspect(lab)
        require(
            answers(lab.node("client"), ADDRESS),
            ja=f"再起動のあと、client から {ADDRESS} に届きません。",
            en=f"After the restart client cannot reach {ADDRESS}.",
        )

    holds_within(20, look)
