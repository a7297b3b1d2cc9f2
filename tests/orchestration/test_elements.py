"""Every element of the diagram language: what is open before, what happens, what is open then."""

import pytest
from token_games import Game, bpmn, drawn, graph_of

from tradewind.orchestration.decide.ahead import steps_ahead
from tradewind.orchestration.decide.compile import compile_bpmn
from tradewind.orchestration.model import Turn, WaitKind
from tradewind.rules.decide.feel import read_expression

GAMES = {
    # ---- tasks
    "a task and a manual task are passed": ("""
        start s
        task think
        manual lift
        user last role=x
        end e
        s -> think -> lift -> last -> e
        """, """
        begin
        open last
    """),
    "a manual task with a role waits for a person": ("""
        start s
        manual lift role=packer
        end e
        s -> lift -> e
        """, """
        begin
        open lift
        done lift
        ended
    """),
    "a script task writes what its expression gives": ("""
        start s
        script double set='n * 2' result=twice
        script both set='{a: twice + 1, b: "x"}'
        user last role=x
        end e
        s -> double -> both -> last -> e
        """, """
        begin n=4
        has twice=8 a=9 b="x"
        open last
    """),
    "a script without a name must give names": ("""
        start s
        script double set='n * 2'
        end e
        s -> double -> e
        """, """
        begin n=4
        refused no_context
    """),
    "a decision is a step whose outputs become variables": ("""
        start s
        decide risk decision=order_risk
        user last role=x
        end e
        s -> risk -> last -> e
        """, """
        begin
        open risk
        done risk score=7 reason="new"
        has score=7 reason="new"
        open last
    """),
    "a decision with one output can be one variable": ("""
        start s
        decide risk decision=order_risk result=risk
        user last role=x
        end e
        s -> risk -> last -> e
        """, """
        begin
        done risk score=7
        has risk=7
        open last
    """),
    "a call waits for the stream it calls and takes over what it says": ("""
        start s
        call pack called=packing inputs='{order: order}' outputs='{boxes: count}'
        user last role=x
        end e
        s -> pack -> last -> e
        """, """
        begin order="SO-1" secret=1
        open pack
        done pack count=3 noise=1
        has boxes=3
        open last
    """),
    "an error of the called stream is caught on the border of the call": ("""
        start s
        call pack called=packing
        on broken pack error=broken result=why
        user repair role=x
        end e
        s -> pack -> e
        broken -> repair -> e
        """, """
        begin
        fail pack broken box=3
        has why="broken" box=3
        open repair
    """),
    "an escalation of the called stream branches off and the call goes on": ("""
        start s
        call pack called=packing
        on slow pack escalation=slow keeps
        user tell role=x
        end e
        s -> pack -> e
        slow -> tell -> e
        """, """
        begin
        escalate pack slow
        open pack tell
        done pack
        open tell
    """),
    # ---- gateways
    "an inclusive gateway takes every way whose condition holds, and its join waits for these": ("""
        start s
        some split
        user a role=x
        user b role=x
        user c role=x
        some join
        user last role=x
        end e
        s -> split
        split -> a when n > 1
        split -> b when n > 2
        split -> c else
        a -> join
        b -> join
        c -> join
        join -> last -> e
        """, """
        begin n=3
        open a b
        done a
        open b
        done b
        open last
    """),
    "an inclusive gateway takes its default where no condition holds": ("""
        start s
        some split
        user a role=x
        user c role=x
        some join
        user last role=x
        end e
        s -> split
        split -> a when n > 1
        split -> c else
        a -> join
        c -> join
        join -> last -> e
        """, """
        begin n=0
        open c
        done c
        open last
    """),
    "an inclusive gateway without a way stops": ("""
        start s
        some split
        user a role=x
        user c role=x
        end e
        s -> split
        split -> a when n > 1
        split -> c when n > 2
        a -> e
        c -> e
        """, """
        begin n=0
        refused no_way_out
    """),
    "an inclusive join waits for a token that can still come a long way round": ("""
        start s
        both fork
        user quick role=x
        user slow role=x
        choice gate
        user detour role=x
        some join
        user last role=x
        end e
        end f
        s -> fork
        fork -> quick -> join
        fork -> slow -> gate
        gate -> detour when again
        gate -> f else
        detour -> join
        join -> last -> e
        """, """
        begin
        done quick
        open slow
        done slow again=true
        open detour
        done detour
        open last
    """),
    "an inclusive join goes on when the token that could come goes elsewhere": ("""
        start s
        both fork
        user quick role=x
        user slow role=x
        choice gate
        user detour role=x
        some join
        user last role=x
        end e
        end f
        s -> fork
        fork -> quick -> join
        fork -> slow -> gate
        gate -> detour when again
        gate -> f else
        detour -> join
        join -> last -> e
        """, """
        begin
        done quick
        open slow
        done slow again=false
        open last
    """),
    "an inclusive join goes on when the token that could come is stopped": ("""
        start s
        both fork
        user quick role=x
        user slow role=x
        on late slow timer=PT1H
        some join
        user last role=x
        end e
        end f
        s -> fork
        fork -> quick -> join
        fork -> slow -> join
        late -> f
        join -> last -> e
        """, """
        begin
        done quick
        open slow late
        after PT1H
        fire late
        open last
    """),
    "an inclusive join in a circle takes its token round again": ("""
        start s
        some head
        user work role=x
        choice gate
        end e
        s -> head -> work -> gate
        gate -> head when again
        gate -> e else
        """, """
        begin
        done work again=true
        open work
        done work again=false
        ended
    """),
    "two inclusive joins that wait for each other do not wait for ever": ("""
        start s
        both fork
        some left
        some right
        user a role=x
        user b role=x
        choice ga
        choice gb
        end e
        s -> fork
        fork -> left -> a -> ga
        fork -> right -> b -> gb
        ga -> right when over
        ga -> e else
        gb -> left when over
        gb -> e else
        """, """
        begin
        open a
        done a over=true
        open b
        done b over=true
        open a
        done a over=false
        ended
    """),
    "after an event-based gateway the first event decides": ("""
        start s
        first wait
        catch answered message=answered key=order
        catch recalled signal=recall
        timer late timer=P1D
        user good role=x
        user bad role=x
        end e
        s -> wait
        wait -> answered -> good -> e
        wait -> recalled -> bad
        wait -> late -> bad -> e
        """, """
        begin order="SO-1"
        open answered recalled late
        message answered SO-1 boxes=2
        has boxes=2
        open good
        signal recall
        refused no_receiver
    """),
    "after an event-based gateway time can decide": ("""
        start s
        first wait
        receive answered message=answered
        timer late timer=P1D
        user good role=x
        user bad role=x
        end e
        s -> wait
        wait -> answered -> good -> e
        wait -> late -> bad -> e
        """, """
        begin
        after P1D
        fire late
        open bad
    """),
    # ---- message, signal, link
    "a message at an end is sent": ("""
        start s
        end e message=done key=order
        s -> e
        """, """
        begin order="SO-1"
        sent done/SO-1
        ended
    """),
    "a message can start an instance": ("""
        start s
        start called message=order.received
        user plain role=x
        user fast role=x
        end e
        s -> plain -> e
        called -> fast -> e
        """, """
        begin order.received
        open fast
    """),
    "a signal is thrown, and at an end": ("""
        start s
        throw shout signal=stock.moved payload='{site: "A"}'
        end e signal=over
        s -> shout -> e
        """, """
        begin
        signals stock.moved over
        ended
    """),
    "a signal reaches everything that waits for it": ("""
        start s
        both fork
        catch a signal=go
        user b role=x
        on stop b signal=go
        user c role=x
        user d role=x
        end e
        s -> fork
        fork -> a -> c -> e
        fork -> b -> e
        stop -> d -> e
        """, """
        begin
        open a b stop
        signal come
        refused no_receiver
        signal go why="x"
        has why="x"
        open c d
    """),
    "a signal on a border that keeps its task comes again": ("""
        start s
        user b role=x
        on ping b signal=ping keeps
        user d role=x
        end e
        s -> b -> e
        ping -> d -> e
        """, """
        begin
        signal ping
        open b ping d
        signal ping
        open b ping d d
        done b
        open d d
    """),
    "a link leads on where it is caught": ("""
        start s
        throw go link=A
        catch come link=A
        user last role=x
        end e
        end never
        s -> go
        come -> last -> e
        s -> never
        """, """
        begin
        open last
    """),
    # ---- timers
    "a timer in a cycle comes as often as it says": ("""
        start s
        user b role=x
        on nag b cycle=R2/PT1H keeps
        send tell message=late
        end e
        s -> b -> e
        nag -> tell -> e
        """, """
        begin
        open b nag
        fire nag
        refused timer_not_due
        after PT1H
        fire nag
        sent late/
        open b nag
        fire nag
        refused timer_not_due
        after PT1H
        fire nag
        sent late/
        open b
        done b
        ended
    """),
    "a timer without a number comes for ever": ("""
        start s
        user b role=x
        on nag b cycle=R/PT1H keeps
        send tell message=late
        end e
        s -> b -> e
        nag -> tell -> e
        """, """
        begin
        after PT1H
        fire nag
        after PT1H
        fire nag
        after PT1H
        fire nag
        open b nag
    """),
    # ---- errors and escalations
    "a business error of a step goes to the border that names it": ("""
        start s
        step a step=a
        on short a error=short result=code
        on other a error=*
        user buy role=x
        user look role=x
        end e
        s -> a -> e
        short -> buy -> e
        other -> look -> e
        """, """
        begin
        fail a short missing=3
        has code="short" missing=3
        open buy
    """),
    "a border without a code catches every error": ("""
        start s
        step a step=a
        on short a error=short
        on other a error=*
        user buy role=x
        user look role=x
        end e
        s -> a -> e
        short -> buy -> e
        other -> look -> e
        """, """
        begin
        fail a burnt
        open look
    """),
    "an error at an end goes up to the sub-process that catches it": ("""
        start s
        sub outer
          start os
          sub inner
            start is
            both fork
            user other role=x
            user check role=x
            end ie
            end bad error=broken
            is -> fork
            fork -> other -> ie
            fork -> check -> bad
          user later role=x
          end oe
          os -> inner -> later -> oe
        on caught outer error=broken
        user repair role=x
        end e
        s -> outer -> e
        caught -> repair -> e
        """, """
        begin
        open other check
        done check
        open repair
        done repair
        ended
    """),
    "an error that nothing catches ends the instance and is told": ("""
        start s
        both fork
        step a step=a
        user b role=x
        end e
        s -> fork
        fork -> a -> e
        fork -> b -> e
        """, """
        begin
        fail a short
        error short
        ended
    """),
    "an error in one instance of a loop ends all of them": ("""
        start s
        step ship step=ship collection=boxes element=box
        on broken ship error=*
        user repair role=x
        end e
        s -> ship -> e
        broken -> repair -> e
        """, """
        begin boxes=[1,2,3]
        done ship
        fail ship broken
        open repair
    """),
    "an escalation inside is caught on the border, and both go on": ("""
        start s
        sub inner
          start is
          throw shout escalation=slow
          user work role=x
          end ie
          is -> shout -> work -> ie
        on slow inner escalation=slow keeps
        user tell role=x
        end e
        s -> inner -> e
        slow -> tell -> e
        """, """
        begin
        open work tell
        done work
        open tell
    """),
    "an escalation that interrupts ends what it came from": ("""
        start s
        sub inner
          start is
          both fork
          throw shout escalation=slow
          user work role=x
          end ie
          is -> fork
          fork -> shout -> ie
          fork -> work -> ie
        on slow inner escalation=*
        user tell role=x
        end e
        s -> inner -> e
        slow -> tell -> e
        """, """
        begin
        open tell
    """),
    "an escalation that nobody catches is told to who called": ("""
        start s
        sub inner
          start is
          end ie escalation=slow
          is -> ie
        user last role=x
        end e
        s -> inner -> last -> e
        """, """
        begin
        told slow
        open last
    """),
    # ---- event sub-processes
    "an event sub-process begins instead of all that runs": ("""
        start s
        react recall
          start rs message=recall
          user undo role=x
          end re
          rs -> undo -> re
        both fork
        user a role=x
        user b role=x
        end e
        s -> fork
        fork -> a -> e
        fork -> b -> e
        """, """
        begin
        open a b rs
        message recall
        open undo
        message recall
        refused no_receiver
        done undo
        ended
    """),
    "an event sub-process beside what runs can begin again and again": ("""
        start s
        react note
          start rs message=note keeps
          user read role=x
          end re
          rs -> read -> re
        user a role=x
        end e
        s -> a -> e
        """, """
        begin
        message note text="1"
        message note text="2"
        open a rs read read
        done a
        open rs read read
        done read
        done read
        ended
    """),
    "an event sub-process of a sub-process waits as long as that runs": ("""
        start s
        sub inner
          start is
          user work role=x
          end ie
          is -> work -> ie
          react slow
            start rs timer=PT1H keeps
            user tell role=x
            end re
            rs -> tell -> re
        user last role=x
        end e
        s -> inner -> last -> e
        """, """
        begin
        open work rs
        after PT1H
        fire rs
        open work tell
        done work
        open tell
        done tell
        open last
    """),
    "an event sub-process catches the error of its scope": ("""
        start s
        react broken
          start rs error=short result=code
          user repair role=x
          end re
          rs -> repair -> re
        step a step=a
        end e
        s -> a -> e
        """, """
        begin
        fail a short
        has code="short"
        open repair
        done repair
        ended
    """),
    "an error inside an event sub-process does not begin it again": ("""
        start s
        react broken
          start rs error=*
          step repair step=repair
          end re
          rs -> repair -> re
        step a step=a
        end e
        s -> a -> e
        """, """
        begin
        fail a short
        open repair
        fail repair worse
        error worse
        ended
    """),
    "an event sub-process catches an escalation and a signal": ("""
        start s
        react one
          start rs escalation=slow keeps
          user tell role=x
          end re
          rs -> tell -> re
        react two
          start ts signal=stop
          user halt role=x
          end te
          ts -> halt -> te
        throw shout escalation=slow
        user a role=x
        end e
        s -> shout -> a -> e
        """, """
        begin
        open a tell ts
        signal stop
        open halt
    """),
    # ---- loops
    "a loop goes round while its condition holds": ("""
        start s
        user ask role=x while='not(enough)'
        user last role=x
        end e
        s -> ask -> last -> e
        """, """
        begin enough=false
        done ask
        open ask
        done ask enough=true
        open last
    """),
    "a loop that asks before may not begin at all": ("""
        start s
        user ask role=x while='not(enough)' before most=3
        user last role=x
        end e
        s -> ask -> last -> e
        """, """
        begin enough=true
        open last
    """),
    "a loop ends at its most rounds": ("""
        start s
        sub round most=2
          start rs
          user ask role=x
          end re
          rs -> ask -> re
        user last role=x
        end e
        s -> round -> last -> e
        """, """
        begin
        done ask
        open ask
        done ask
        open last
    """),
    # ---- compensation
    "what was done is undone in reverse": ("""
        start s
        step reserve step=reserve
        on r reserve undo=free
        step free step=free aside
        step charge step=charge
        on c charge undo=refund
        step refund step=refund aside
        user approve role=x
        on no approve message=no
        throw back undo
        user told role=x
        end e
        s -> reserve -> charge -> approve -> e
        no -> back -> told -> e
        """, """
        begin
        done reserve
        done charge
        message no
        open refund
        done refund
        open free
        done free
        open told
    """),
    "only what was done is undone, and only once": ("""
        start s
        step reserve step=reserve
        on r reserve undo=free
        step free step=free aside
        step charge step=charge
        on c charge undo=refund
        on failed charge error=*
        step refund step=refund aside
        throw back undo
        throw again undo
        user told role=x
        end e
        s -> reserve -> charge -> e
        failed -> back -> again -> told -> e
        """, """
        begin
        done reserve
        fail charge declined
        open free
        done free
        open told
    """),
    "an event can name the one activity that is undone": ("""
        start s
        step reserve step=reserve
        on r reserve undo=free
        step free step=free aside
        step charge step=charge
        on c charge undo=refund
        step refund step=refund aside
        throw back undo undoes=reserve
        end e undo
        s -> reserve -> charge -> back -> e
        """, """
        begin
        done reserve
        done charge
        open free
        done free
        open refund
        done refund
        ended
    """),
    "what a finished sub-process did is undone from outside, with what each instance knew": ("""
        start s
        sub each sequential collection=boxes element=box
          start es
          step pack step=pack
          on packed pack undo=unpack
          step unpack step=unpack aside
          end ee
          es -> pack -> ee
        user approve role=x
        on no approve message=no
        end back undo
        end e
        s -> each -> approve -> e
        no -> back
        """, """
        begin boxes=["a","b"]
        done pack
        done pack
        message no
        open unpack
        done unpack
        open unpack
        done unpack
        ended
    """),
    "what a sub-process did before an error ended it can still be undone": ("""
        start s
        sub work
          start ws
          step reserve step=reserve
          on r reserve undo=free
          step free step=free aside
          step charge step=charge
          end we
          ws -> reserve -> charge -> we
        on failed work error=*
        throw back undo
        end e
        s -> work -> e
        failed -> back -> e
        """, """
        begin
        done reserve
        fail charge declined
        open free
        done free
        ended
    """),
    "an event sub-process undoes what its scope did": ("""
        start s
        react broken
          start rs error=*
          throw back undo
          end re
          rs -> back -> re
        step reserve step=reserve
        on r reserve undo=free
        step free step=free aside
        step charge step=charge
        end e
        s -> reserve -> charge -> e
        """, """
        begin
        done reserve
        fail charge declined
        open free
        done free
        ended
    """),
    "what cannot be undone is left to a person": ("""
        start s
        step reserve step=reserve
        on r reserve undo=free
        step free step=free role=warehouse aside
        user approve role=x
        end e
        s -> reserve -> approve -> e
        """, """
        begin
        done reserve
        undo
        open free
        fail free gone
        open free
        done free
        ended
    """),
    "a whole instance is undone in reverse and then over": ("""
        start s
        step reserve step=reserve
        on r reserve undo=free
        step free step=free aside
        both fork
        step charge step=charge
        on c charge undo=refund
        step refund step=refund aside
        user wait role=x
        end e
        s -> reserve -> fork
        fork -> charge -> e
        fork -> wait -> e
        """, """
        begin
        done reserve
        done charge
        open wait
        undo
        open refund
        done refund
        open free
        done free
        ended
    """),
    "undoing an instance that did nothing ends it": ("""
        start s
        user wait role=x
        end e
        s -> wait -> e
        """, """
        begin
        undo
        ended
    """),
}  # fmt: skip


@pytest.mark.parametrize("name", GAMES)
def test_(name):
    drawing, table = GAMES[name]

    Game(graph_of(drawing)).play(table)


def test_what_undoes_sees_what_only_its_instance_knew():
    drawing, _ = GAMES["what a finished sub-process did is undone from outside, with what each instance knew"]
    game = Game(graph_of(drawing)).play("""
        begin boxes=["a","b"]
        done pack
        done pack
    """)

    game.play("message no")

    assert isinstance(game.last, Turn)
    assert [(run.step, run.variables["box"]) for run in game.last.run] == [("unpack", "b")]


def test_a_called_stream_begins_with_its_inputs():
    drawing, _ = GAMES["a call waits for the stream it calls and takes over what it says"]

    game = Game(graph_of(drawing)).play('begin order="SO-1" secret=1')

    assert isinstance(game.last, Turn)
    assert [(wait.kind, wait.name, wait.variables) for wait in game.last.wait] == [
        (WaitKind.CALL, "packing", {"order": "SO-1"})
    ]


def test_a_person_does_by_hand_what_a_step_could_not_undo():
    drawing, _ = GAMES["what cannot be undone is left to a person"]

    game = Game(graph_of(drawing)).play("begin\ndone reserve\nundo\nfail free gone")

    assert isinstance(game.last, Turn)
    assert [(wait.kind, wait.node, wait.role) for wait in game.last.wait] == [(WaitKind.USER, "free", "warehouse")]


def test_lanes_and_potential_owners_name_roles():
    data = bpmn(
        '<laneSet id="l"><lane id="m" name="Sales desk"><flowNodeRef>a</flowNodeRef></lane></laneSet><startEvent id="s"/>'
        '<userTask id="a"/><userTask id="b"><potentialOwner id="o"><resourceRef>r</resourceRef></potentialOwner></userTask>'
        '<endEvent id="e"/><sequenceFlow id="f" sourceRef="s" targetRef="a"/><sequenceFlow id="g" sourceRef="a" targetRef="b"/>'
        '<sequenceFlow id="h" sourceRef="b" targetRef="e"/>'
    ).replace(b"<process", b'<resource id="r" name="Warehouse"/><process')

    graph = compile_bpmn(data, read_expression).graph

    assert graph is not None
    assert (graph.nodes["a"].role, graph.nodes["b"].role) == ("Sales desk", "Warehouse")


@pytest.mark.parametrize(
    ("drawing", "finding"),
    [
        ("start s\nend e\nreact r\n  start t\n  end f\n  t -> f\ns -> e", ("no_start_event", "r")),
        ("start s\nend e\nreact r\n  start t signal=x\n  start u signal=y\n  end f\n  t -> f\n  u -> f\ns -> e", ("several_start_events", "t")),
        ("start s\nend e\nreact r\n  start t signal=x\n  end f\n  t -> f\ns -> r -> e", ("flow_to_aside", "r")),
        ("start s error=x\nstart t\nend e\ns -> e\nt -> e", ("event_start_inside", "s")),
        ("start s\nfirst w\nuser a role=x\nend e\ns -> w -> a -> e", ("no_event_behind", "w")),
        ("start s\ndecide d\nend e\ns -> d -> e", ("decision_without_name", "d")),
        ("start s\ncall d\nend e\ns -> d -> e", ("call_without_name", "d")),
        ("start s\nend e error=*\ns -> e", ("code_missing", "e")),
        ("start s\nend e signal\ns -> e", ("signal_without_name", "e")),
        ("start s\nscript x\nend e\ns -> x -> e", ("script_missing", "x")),
        ("start s\nthrow t link=A\nend e\ns -> t\ns -> e", ("link_without_end", "t")),
        ("start s\nstep a step=a\non c a undo=h\nend e\ns -> a -> e", ("undo_without_handler", "c")),
        ("start s\nstep h step=h aside\nend e\ns -> e", ("undo_without_handler", "h")),
        ("start s\nthrow b undo undoes=a\nuser a role=x\nend e\ns -> b -> a -> e", ("nothing_to_undo", "b")),
        ("start s\nuser a role=x before most=x\nend e\ns -> a -> e", ("loop_maximum_unclear", "a")),
        ("start s\nuser a role=x\non b a cycle=R3/PT1H\nend e\ns -> a -> e\nb -> e", ("cycle_interrupts", "b")),
        ("start s\nuser a role=x\non b a cycle=PT1H keeps\nend e\ns -> a -> e\nb -> e", ("timer_without_instant", "b")),
        ("start s\ntask t\nend e\ns -> t -> e", ("nothing_done", "t")),
        ("start s\nscript t set='{n: 1}'\nchoice g\nend e\ns -> t -> g\ng -> t when n > 2\ng -> e else", ("circle_without_wait", "t")),
        ("start s\nsome g\nend e\nend f\ns -> g\ng -> e when a\ng -> f when b", ("choice_without_default", "g")),
    ],
)  # fmt: skip
def test_a_shape_that_cannot_be_is_found(drawing, finding):
    report = compile_bpmn(drawn(drawing), read_expression)

    assert finding in [(one.code.removeprefix("orchestration."), one.id) for one in report.findings]


def test_what_may_run_in_a_turn_counts_what_catches_and_what_undoes():
    graph = graph_of("""
        start s
        step a step=a
        on failed a error=*
        step b step=b
        on undone b undo=c
        step c step=c aside
        user wait role=x
        step after step=after
        end e
        s -> a -> wait -> after -> e
        failed -> b -> e
    """)

    assert steps_ahead(graph, ["a"]) == {"a", "b", "c"}
    assert steps_ahead(graph, ["wait"]) == {"after", "b", "c"}
    assert steps_ahead(graph, []) == frozenset()
