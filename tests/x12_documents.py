"""X12 documents of our own for tests, and where the shared samples are."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("TRADEWIND_SHARED") or Path(__file__).resolve().parents[2] / "shared")
SAMPLES = SHARED / "samples"
needs_samples = pytest.mark.skipif(not (SAMPLES / "x12").exists(), reason="the shared samples are not here")

ORDER = ("BEG*00*NE*PO-7001*R2*20260302*CT-9", "CUR*BY*USD", "REF*DP*809", "REF*IA*V100", "DTM*002*20260316", "N9*ZZ*NOTE",
         "MSG*Ring the bell", "N1*BY*Northwind Traders*92*NW", "N1*ST*Northwind Dock 4*92*DOCK4", "N2*Receiving",
         "N3*12 Harbor Way*Gate 3", "N4*Portland*OR*97201*US", "REF*DP*44", "PER*RE*Sam Field*TE*5035550101",
         "PO1*1*10*EA*1.25*PE*VN*BOLT-10*BP*4711*UP*012345678905", "PID*F****Hex bolt, zinc", "SAC*A*C310***250*Z*2",
         "PO1*2*3*CA*40.5**BP*4712", "PID*F****Shop towel", "DTM*010*20260320", "CTT*2*13", "AMT*TT*134")  # fmt: skip
DESTINED = ("BEG*00*SA*PO-7002**20260302", "DTM*002*20260316", "PO1*1*100*EA*2**VN*BOLT-10",
            "SDQ*EA*92*S001*60*S002*40", "PO1*2*12*CA*9.99**VN*TOWEL-1", "SDQ*CA*92*S002*12", "CTT*2*112")  # fmt: skip
SCHEDULED = ("BEG*00*SA*PO-7003**20260302", "N1*ST**92*DOCK4", "PO1*1*100*EA*2**VN*BOLT-10", "SCH*60*EA***002*20260401",
             "SCH*40*EA***002*20260501", "PO1*2*5*EA*3**VN*NUT-2", "N1*ST*Elsewhere*92*DOCK9", "CTT*2")  # fmt: skip
CHANGE = ("BCH*04*SA*PO-7001**3*20260302*****20260305", "POC*1*QI*15*5*EA*1.25**VN*BOLT-10", "POC*2*DI*****VN*TOWEL-1",
          "POC*3*AI*4**EA*7.5**VN*NUT-2", "POC*4*RS*4**EA", "DTM*002*20260401", "CTT*4")  # fmt: skip
INVOICE = ("BIG*20260320*INV-9*20260302*PO-7001***DI", "CUR*SE*USD", "IT1*1*10*EA*1.25**VN*BOLT-10", "PID*F****Hex bolt",
           "TDS*1355", "TXI*ST*1.05", "CTT*1")  # fmt: skip
NOTICE = ("BSN*00*SH-1*20260310*1200*0001", "HL*1**S*1", "TD1*CTN25*2", "HL*2*1*O*1", "PRF*PO-7001", "HL*3*2*P*1",
          "MAN*GM*003456780000000017", "HL*4*3*I*0", "LIN*1*VN*BOLT-10", "SN1**10*EA", "CTT*4*10")  # fmt: skip
ACCEPTED = ("AK1*PO*1", "AK2*850*0001", "AK5*A", "AK9*A*1*1*1")
REJECTED = ("AK1*PO*1", "AK2*850*0001", "AK3*PO1*12**8", "AK4*2*380*6*ten", "AK5*R*5", "AK9*R*1*1*0")
GROUPS = {"850": "PO", "860": "PC", "810": "IN", "856": "SH", "997": "FA"}


def interchange(
    *sets: tuple[str, Sequence[str]], marks: str = "*>~", newline: str = "", usage: str = "P", control: str = "000000007",
    sender: str = "NORTHWIND", version: str = "00401", standard: str = "U",
) -> bytes:  # fmt: skip
    """An interchange with a group for each run of one type; segments are written with `*` and get the marks."""
    runs: list[tuple[str, list[Sequence[str]]]] = []
    for type_, body in sets:
        if not runs or runs[-1][0] != type_:
            runs.append((type_, []))
        runs[-1][1].append(body)
    lines = [
        f"ISA*00*{'':10}*00*{'':10}*ZZ*{sender:15}*ZZ*{'TRADEWIND':15}*260302*0930*{standard}*{version}*{control}*0*{usage}*\0"
    ]
    number = 0
    for place, (type_, bodies) in enumerate(runs, 1):
        lines.append(f"GS*{GROUPS.get(type_, 'PO')}*{sender}*TRADEWIND*20260302*0930*{place}*X*004010")
        for body in bodies:
            number += 1
            lines += [f"ST*{type_}*{number:04}", *body, f"SE*{len(body) + 2}*{number:04}"]
        lines.append(f"GE*{len(bodies)}*{place}")
    lines.append(f"IEA*{len(runs)}*{control}")
    element, component, end = marks
    text = "".join(line.replace("*", element) + end + newline for line in lines)
    return text.replace("\0", component).encode()


SEEDS = (
    interchange(("850", ORDER), ("850", DESTINED), ("860", CHANGE)),
    interchange(("850", SCHEDULED), marks="|:\n", usage="T"),
    interchange(("810", INVOICE), ("856", NOTICE), ("997", REJECTED), newline="\r\n"),
    b"\xef\xbb\xbf" + interchange(("850", ORDER), marks="~>|", newline="\n  "),
    interchange(("997", ACCEPTED), version="00501", standard="^"),
)


def sample_files(*folders: str) -> list[Path]:
    """Every file of these folders of the samples and below; none where the samples are not there."""
    return sorted(path for folder in folders for path in (SAMPLES / folder).rglob("*") if path.is_file())
