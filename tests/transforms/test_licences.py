"""Licences by their texts, names and files; the texts come out of the package that also holds the references, changed as people change them."""

import re
import tarfile

import pytest
import spdx
from hypothesis import given, settings
from hypothesis import strategies as st
from shared_data import SHARED

from transforms import licence_texts, licences
from transforms.licences import expression, governing, identify, is_licence_file, key, of_folder, permitted

RECORDS = {record["id"]: record for record in spdx._licenses}
EITHER = "Licensed under either of Apache License, Version 2.0 or MIT license at your option.\n\n"


def text(identifier: str, holder: str = "Jane Doe and the Widget Authors") -> str:
    """A licence's text with a holder's name in all its places."""
    return re.sub(r"<<var;.*?>>", holder, spdx.License(RECORDS[identifier]).template, flags=re.S)


KNOWN = (
    "MIT Apache-2.0 BSD-2-Clause BSD-3-Clause BSD-3-Clause-Clear BSD-4-Clause 0BSD ISC Zlib Unlicense CC0-1.0 GPL-2.0 GPL-3.0 LGPL-2.1 LGPL-3.0"
    " AGPL-3.0 MPL-2.0 BSL-1.0 WTFPL JSON NCSA X11 Artistic-2.0 EPL-1.0 Apache-1.1"
)


@pytest.mark.parametrize("identifier", KNOWN.split())
def test_a_licence_is_named_by_its_text(identifier: str) -> None:
    whole = text(identifier)
    words = whole.split()
    reflowed = "\n".join(" ".join(words[start : start + 7]) for start in range(0, len(words), 7))
    for variant in (whole, whole.upper(), reflowed, "# The licence of our widgets\n\nCopyright 2019 A. Person\n" + whole):
        assert identify(variant) == (identifier,)


def test_every_reference_is_its_own_or_its_equal() -> None:
    wrong = {
        name: found
        for name in RECORDS
        if (found := licence_texts.find(text(name, "")).identifiers) != (licence_texts.SAME.get(name, name),)
    }
    assert wrong == {"OLDAP-2.3": ("OLDAP-2.2.2",)}  # no word of one is missing in the other


def test_holders_in_the_clauses_of_bsd_do_not_count() -> None:
    for name in ("BSD-2-Clause", "BSD-3-Clause", "BSD-4-Clause"):
        for holder in ("", "THE REGENTS OF THE UNIVERSITY OF CALIFORNIA", "the copyright holder", "my organisation"):
            assert identify(text(name, holder)) == (name,)


def test_the_holder_in_the_text_of_isc_does_not_count() -> None:
    assert identify(re.sub(r"\bISC\b", "A. PERSON", text("ISC"))) == ("ISC",)


def test_the_appendix_of_apache_may_be_left_off() -> None:
    whole = text("Apache-2.0")
    cut = whole[: whole.index("END OF TERMS")]
    assert len(cut) < 0.93 * len(whole)
    assert identify(cut) == ("Apache-2.0",)


def test_a_cut_licence_is_not_named() -> None:
    assert licence_texts.find(text("MIT")[:700]).identifiers == ()
    assert licence_texts.find(text("Apache-2.0")[:4000]).identifiers == ()


def test_several_texts_in_one_file_must_all_be_permitted_unless_it_offers_a_choice() -> None:
    both = text("MIT") + "\n\n" + text("Apache-2.0")
    assert expression(both) == "Apache-2.0 AND MIT"
    assert expression(EITHER + both) == "Apache-2.0 OR MIT"
    assert expression(text("MIT") + text("GPL-2.0")) == "GPL-2.0 AND MIT"
    assert expression("This is dual-licensed.\n" + text("MIT") + text("GPL-2.0")) == "GPL-2.0 OR MIT"
    four = "Dual-licensed, in parts.\n" + text("MIT") + text("GPL-2.0") + text("Zlib") + text("Apache-2.0")
    assert expression(four) == "Apache-2.0 AND GPL-2.0 AND MIT AND Zlib"
    bundle = (
        text("Apache-2.0")
        + "This product bundles things under their own terms. " * 20
        + "Foo is dual-licensed: "
        + text("MIT")
        + text("GPL-3.0")
    )
    assert not permitted(expression(bundle))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("MIT", "MIT"),
        ("The MIT License", "MIT"),
        ("# BSD-3-Clause License\n", "BSD-3-Clause"),
        ("Released under the New BSD licence.", "BSD-3-Clause"),
        ("Licensed under the Apache License, Version 2.0 (the 'License');", "Apache-2.0"),
        ("Apache 2", "Apache-2.0"),
        ("MIT/Apache-2.0", "Apache-2.0 OR MIT"),
        ("Dual licensed under the MIT and GPL licenses.", "GPL-1.0-or-later OR MIT"),
        ("You may use this under MIT or GPLv2, at your choice", "GPL-2.0 OR MIT"),
        ("Code is MIT, the data is GPL v3", "GPL-3.0 AND MIT"),
        ("GNU General Public License; either version 2 of the License, or (at your option) any later version.", "GPL-1.0-or-later"),
        ("SPDX-License-Identifier: MIT\n", "MIT"),
        ("/* SPDX-License-Identifier: (MIT OR GPL-2.0) */", "(MIT OR GPL-2.0)"),
        ("# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception\n", "Apache-2.0 WITH LLVM-exception"),
        ("SPDX-License-Identifier: MIT MIT\n", "MIT"),  # no expression, so its words count
        ("MIT, for non-commercial use", "MIT AND LicenseRef-restricted"),
        ("MIT No Attribution", "MIT-0"),
        ("mit freundlichen Gruessen", "NOASSERTION"),
        ("BSD", "NOASSERTION"),
        ("All rights reserved.", "NOASSERTION"),
        ("", "NOASSERTION"),
        ("MIT " + "word " * 300, "NOASSERTION"),
    ],
)
def test_a_short_text_names_licences(words: str, expected: str) -> None:
    assert expression(words) == expected


def test_words_that_take_something_back_are_seen() -> None:
    assert permitted(expression(text("MIT")))
    for addition in (
        '"Commons Clause" License Condition v1.0',
        "This software is for non-commercial use.",
        "It may not be used to make weapons.",
    ):
        assert expression(addition + "\n\n" + text("MIT")) == "MIT AND LicenseRef-restricted"
    changed = text("BSD-3-Clause").replace("modification, are permitted", "modification, for noncommercial purposes are permitted")
    assert not permitted(expression(changed))
    assert identify(text("JSON")) == ("JSON",)  # MIT, but for good, not evil


def test_a_folder_of_named_licences_is_a_choice() -> None:
    mit, apache, gpl, unlicence = text("MIT"), text("Apache-2.0"), text("GPL-3.0"), text("Unlicense")
    assert of_folder({"LICENSE-MIT": mit, "LICENSE-APACHE": apache}) == "Apache-2.0 OR MIT"
    assert of_folder({"LICENSE-MIT": mit, "UNLICENSE": unlicence}) == "MIT OR Unlicense"
    assert of_folder({"LICENSE": EITHER, "LICENSE-MIT": mit, "LICENSE-APACHE": apache}) == "Apache-2.0 OR MIT"
    assert of_folder(
        {"LICENSE": "Under either of the licences in LICENSE.APACHE or LICENSE.BSD.", "LICENSE.APACHE": apache, "LICENSE.BSD": mit}
    ) == ("Apache-2.0 OR MIT")
    assert of_folder({"LICENSE": mit, "COPYING": gpl}) == "GPL-3.0 AND MIT"
    assert of_folder({"LICENSE": mit, "LICENSE-docs": text("CC-BY-4.0")}) == "MIT AND CC-BY-4.0"
    assert of_folder({"LICENSE": mit, "COPYING": "terms nobody knows"}) == "NOASSERTION AND MIT"
    assert of_folder({"LICENSE": mit}) == "MIT"
    assert of_folder({}) == "NOASSERTION"


@pytest.mark.parametrize(
    ("licence", "passes"),
    [
        ("MIT", True),
        ("mit", True),
        ("GPL-2.0", False),
        ("MIT OR GPL-2.0", True),
        ("MIT AND GPL-2.0", False),
        ("MIT AND Apache-2.0", True),
        ("MIT AND (GPL-2.0 OR BSD-2-Clause)", True),
        ("GPL-2.0 OR MIT AND Zlib", False),  # AND binds more
        ("(GPL-2.0 OR MIT) AND Zlib", False),
        ("Apache-2.0 WITH LLVM-exception", True),
        ("GPL-2.0 WITH Classpath-exception-2.0 or MIT", True),
        ("BSD-4-Clause", False),
        ("NOASSERTION", False),
        ("((((MIT))))", True),
    ],
)
def test_permitted(licence: str, passes: bool) -> None:
    assert permitted(licence) is passes


@pytest.mark.parametrize("broken", ["", "MIT OR", "OR MIT", "(MIT", "MIT)", "MIT Apache-2.0", "MIT AND OR Zlib", "MIT WITH", "()"])
def test_what_is_no_expression_is_an_error(broken: str) -> None:
    with pytest.raises(ValueError, match="expected an SPDX expression"):
        permitted(broken)


def test_the_allowed_ones_are_a_choice_of_the_user() -> None:
    assert permitted("BSD-4-Clause", ("BSD-4-Clause",))
    assert not permitted("MIT", ("BSD-4-Clause",))


def test_deep_expressions_do_not_overflow() -> None:
    assert permitted("(" * 50_000 + "MIT" + ")" * 50_000)


KEYS = {
    "mit": "MIT",
    "apache-2.0": "Apache-2.0",
    "bsd-2-clause": "BSD-2-Clause",
    "bsd-3-clause": "BSD-3-Clause",
    "bsd-4-clause": "BSD-4-Clause",
}
MORE_KEYS = {"gpl-2.0": "GPL-2.0", "lgpl-3.0": "LGPL-3.0", "cc0-1.0": "CC0-1.0", "MIT": "MIT", "other": None, "": None, None: None}


@pytest.mark.parametrize(("name", "identifier"), [*KEYS.items(), *MORE_KEYS.items()])
def test_keys_of_github(name: str | None, identifier: str | None) -> None:
    assert key(name) == identifier


LICENCE_FILES = (
    "LICENSE LICENCE License.md COPYING copying.txt COPYING.LESSER COPYING3 LICENSE-MIT LICENSE-APACHE LICENSE.MIT MIT-LICENSE.txt UNLICENSE"
    " license.html LICENSE_1_0.txt GPL-LICENSE.txt LICENSE-2.0.txt LICENSE.rst LICENSE-CC-BY-SA LICENSE.code licenses src/x/LICENSE apache-license"
)
OTHER_FILES = (
    "licenses.json license.py license_key.txt LicenseHeader.txt NOTICE COPYRIGHT AUTHORS license_test.txt LICENSE-THIRD-PARTY sublicense licensed"
    " LICENSE/x.txt README.md mit.txt license-checker.md LICENSE~"
)


def test_licence_files_by_name() -> None:
    assert [name for name in LICENCE_FILES.split() if not is_licence_file(name)] == []
    assert [name for name in OTHER_FILES.split() if is_licence_file(name)] == []
    assert not is_licence_file("LICENSE" + "1." * 50_000 + "!")  # in linear time


def test_the_nearest_folder_governs() -> None:
    folders = {"", "third_party/x"}
    assert governing("a.c", folders) == ""
    assert governing("src/deep/a.c", folders) == ""
    assert governing("third_party/a.c", folders) == ""
    assert governing("third_party/x/a.c", folders) == "third_party/x"
    assert governing("third_party/x/y/a.c", folders) == "third_party/x"
    assert governing("third_party/xy/a.c", folders) == ""
    assert governing("src/a.c", {"third_party/x"}) is None
    assert governing("a.c", set()) is None


@settings(deadline=None)  # the first call reads the references
@given(st.text(st.sampled_from("MIT Apache2.0orand(),\n\u00e9"), max_size=200))
def test_any_text_gives_an_expression(words: str) -> None:
    permitted(expression(words))
    assert list(identify(words)) == sorted(set(identify(words)))


REAL = {
    "BurntSushi__xsv": {"": "MIT OR Unlicense"},
    "antirez__kilo": {"": "BSD-2-Clause"},
    "apache__commons-cli": {"": "Apache-2.0"},
    "karpathy__minGPT": {"": "MIT"},
    "madler__zlib": {"": "Zlib", "contrib/dotzlib": "BSL-1.0"},
    "pallets__click": {"": "BSD-3-Clause", "docs": "BSD-3-Clause"},
    "select2__select2": {"": "MIT", "docs": "CC-BY-4.0", "docs/plugins/anchors": "MIT"},
    "torvalds__uemacs": {},
}


@pytest.mark.parametrize("repository", REAL)
def test_real_repositories(repository: str) -> None:
    archive = SHARED / "github" / f"{repository}.tar.gz"
    if not archive.is_file():
        pytest.skip(f"needs github/{repository}.tar.gz of the shared data")
    folders: dict[str, dict[str, str]] = {}
    with tarfile.open(archive) as tar:
        for member in tar:
            folder, _, name = member.name.partition("/")[2].rpartition("/")
            content = tar.extractfile(member) if member.isfile() and is_licence_file(member.name) else None
            if content is not None:
                folders.setdefault(folder, {})[name] = content.read().decode("utf-8", "replace")
    found = {folder: of_folder(files) for folder, files in folders.items()}
    assert {folder: found[folder] for folder in REAL[repository]} == REAL[repository]
    assert (found == {}) == (REAL[repository] == {})


def test_the_default_is_llamas() -> None:
    assert licences.ALLOWED == ("Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "MIT")
