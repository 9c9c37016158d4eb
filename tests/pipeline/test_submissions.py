"""ArXiv's submissions in every form they come in: bulk archives, single papers, folders; real ones by hand-checked outcome."""

import gzip
import io
import os
import tarfile
import zipfile

import pytest
from made_submissions import DOCUMENT, TEXT, TIME, bulk, folder_part, gz, one, papers, part, read, submission, tar
from shared_data import SHARED

from pipeline import submissions
from pipeline.files import InputError
from pipeline.records import Broken, Document, Refused, Skipped

REAL = {
    "test_files_pdfpages_2211696.tar.gz": ("pdf only", "main.tex", 1, 0, ()),
    "test_files_pdfpages_2223445.tar.gz": ("pdf only", "main.tex", 1, 0, ()),
    "test_files_pdfpages_2226238.tar.gz": ("pdf only", "main.tex", 1, 0, ()),
    "test_files_sub_type_sampleA_ps.tar.gz": ("latex", "GPD-PRDfr.tex", 1, 44339, ("not UTF-8", "charset guessed")),
    "test_files_sub_type_sampleB_html.tar.gz": ("html", None, 0, 0, ()),
    "test_files_sub_type_sampleF_html.tar.gz": ("html", None, 0, 0, ()),
    "test_files_unpack_with__MACOSX_hidden.tar.gz": ("latex", "with__MACOSX_hidden/For-arXive/pol_leps.tex", 1, 16798, ()),
    "test_files_upload_1801.03879-1.tar.gz": ("latex", "defective-fpt.tex", 1, 95111, ()),
    "test_files_upload_FilesToWarnAbout.tar": ("no main file", None, 0, 0, ()),
    "test_files_upload_UploadNoNewlineTerm.tar.gz": ("latex", "NoNewlineTermination.tex", 1, 38770, ()),
    "test_files_upload_UploadRemoveFiles.tar": ("latex", "final.tex", 1, 24123, ()),
    "test_files_upload_UploadTestWindowCDrive.tar.gz": ("no main file", None, 0, 0, ("absolute path refused",)),
    "test_files_upload_bad_bib_but_no_bbl.tar": ("latex", "final.tex", 1, 24123, ()),
    "test_files_upload_relative_path.tar.gz": ("no main file", None, 0, 0, ("path with .. refused",)),
    "test_files_upload_source_with_dir.tar.gz": ("latex", "source/draft.tex", 1, 134951, ()),
    "test_files_upload_upload-nested-zip-and-tar.zip": ("latex", "QuantumBJJWithTwoSpecies_10.tex", 1, 66648, ()),
    "test_files_upload_upload2.tar.gz": ("latex", "main_a.tex", 1, 76151, ()),
    "test_files_upload_upload4.gz": ("latex", "test_files_upload_upload4.tex", 1, 35674, ()),
    "test_files_upload_upload6.tgz": ("latex", "BorelPaper.tex", 1, 49973, ()),
    "test_files_upload_upload7.tar.gz": ("html", None, 0, 0, ()),
    "type_test_files_10240_null_chars.tar": ("empty", None, 0, 0, ()),
    "type_test_files_compressed.Z": ("unix compress", None, 0, 0, ()),
    "type_test_files_gzipped.gz": ("plain text", None, 0, 0, ()),
    "type_test_files_minMac.tex": ("latex", "type_test_files_minMac.tex", 1, 875, ("not UTF-8", "charset guessed")),
    "type_test_files_ms.bbl": ("no main file", None, 0, 0, ()),
    "type_test_files_paper-t4.1_Vienna_preprint.tex": (
        *("latex", "type_test_files_paper-t4.1_Vienna_preprint.tex", 1, 15670),
        ("not UTF-8", "charset guessed"),
    ),
    "type_test_files_pdfoutput_after_documentclass.tex": ("latex", "type_test_files_pdfoutput_after_documentclass.tex", 1, 131, ()),
    "type_test_files_pdfoutput_after_documentclass_big_comment_before.tex": (
        *("latex", "type_test_files_pdfoutput_after_documentclass_big_comment_before.tex", 1, 267),
        (),
    ),
    "type_test_files_pdfoutput_sameline_documentclass.tex": ("latex", "type_test_files_pdfoutput_sameline_documentclass.tex", 1, 130, ()),
    "type_test_files_sample.bib": ("plain text", None, 0, 0, ()),
    "type_test_files_testtar.tar": ("no main file", None, 0, 0, ()),
}
"""Of each real submission: state, main file, files that go in, bytes of the main file, notes; checked by hand."""

MAIN = {
    "attention-cn-full": ("ms.tex", 8),
    "deblending-starfields": ("arxiv.tex", 22),
    "drop-impact-prl": ("ms.tex", 1),
    "edo-arxiv": ("main.tex", 1),
    "edo-sections": (None, 0),
    "el-logic": ("main.tex", 27),
    "engrafo-1707.08043": ("main.tex", 1),
    "engrafo-1708.00137": ("main.tex", 1),
    "engrafo-1803.07574": ("main.tex", 1),
    "implicit-minimax-mcts": ("arxiv.tex", 1),
    "kepler-kinematics": ("ms.tex", 8),
    "lagraph-grapl21": ("ms.tex", 21),
    "mmtour": ("paper.tex", 1),
    "mwa-eor": ("ms.tex", 1),
    "ophiuchus-stream": ("ms.tex", 1),
    "plague-growth": ("ms.tex", 3),
    "robust-sls-arxiv": ("main.tex", 8),
    "robust-sls-updated-arxiv": ("main.tex", 8),
    "rsf-symmetry": ("ms.tex", 1),
    "strong-laws-frechet": ("ms.tex", 15),
    "survey-symbolic-execution": ("main.tex", 10),
}
"""Of each real paper: its main file, and how many files go in; checked by hand."""


@pytest.mark.parametrize("name", REAL)
def test_every_real_submission_has_the_outcome_that_a_reader_expects(name):
    state, main, files, size, notes = REAL[name]
    record = one(submission(name), name)
    assert (record.key, record.columns["paper"], record.columns["url"]) == (name, name, None)
    assert (record.columns["state"], record.columns["main"], record.columns["files"], record.notes) == (state, main, files, notes)
    assert (len(record.text) > 0) == (state == "latex")
    assert record.text == "" or size * 0.97 <= len(record.text.encode()) <= size * 1.03 + 10  # line ends, what follows \end{document}


def test_the_names_that_were_refused_are_kept():
    assert one(submission("test_files_upload_relative_path.tar.gz"), "x").columns["refused"] == "path with .. refused: ../../ir.png"
    found = one(submission("test_files_upload_UploadTestWindowCDrive.tar.gz"), "x").columns["refused"]
    assert found == "absolute path refused: c:\\data\\windows.txt"


def test_the_real_eprint():
    path = SHARED / "arxiv" / "eprints" / "1911.02782.gz"
    if not path.exists():
        pytest.skip("needs arxiv/eprints of the shared data")
    record = one(path.read_bytes(), path.name)
    assert (record.key, record.columns["url"]) == ("1911.02782", "https://arxiv.org/abs/1911.02782")
    assert (record.columns["main"], record.columns["version"], record.columns["modified"]) == ("main.tex", None, 1594082253)
    assert "S2ORC" in record.text
    assert "acl2020" not in record.text.partition("\\begin{document}")[2]
    assert "\\ProvidesPackage" in record.columns["definitions"] or "\\newcommand" in record.columns["definitions"]


def outcome(record):
    columns = record.columns
    return record.text, columns["definitions"], columns["main"], columns["files"], columns["state"], columns["refused"], record.notes


def test_real_papers_are_the_same_in_every_form():
    whole = papers()
    assert set(whole) == set(MAIN)
    root = SHARED / "arxiv" / "papers"
    as_folders = {name: next(submissions.read(folder_part(root / name))) for name in whole}
    for name, record in as_folders.items():
        assert (record.columns["main"], record.columns["files"]) == MAIN[name]
        assert record.columns["state"] == ("no main file" if name == "edo-sections" else "latex")
    expected = {name: outcome(record) for name, record in as_folders.items()}
    tars = {name: tar(files) for name, files in whole.items()}
    assert {name: outcome(one(data, name)) for name, data in tars.items()} == expected
    assert {name: outcome(one(gz(data), name)) for name, data in tars.items()} == expected
    numbers = {f"2302.{number:05d}": name for number, name in enumerate(whole)}
    archive = bulk({number: gz(tars[name]) for number, name in numbers.items()})
    for data in (archive, gzip.compress(archive, 1)):
        records = [record for record in read(data, "arXiv_src_2302_001.tar") if isinstance(record, Document)]
        assert {numbers[record.key]: outcome(record) for record in records} == expected


def test_a_paper_of_one_file_is_the_same_in_every_form(tmp_path):
    text = papers()["ophiuchus-stream"]["ms.tex"]
    expected = one(text).text
    assert expected.startswith(text.decode()[:70])
    (tmp_path / "ms.tex").write_bytes(text)
    forms = [gz(text), tar({"ms.tex": text}), gz(tar({"ms.tex": text})), zipped({"ms.tex": text})]
    assert {one(data).text for data in forms} == {expected}
    assert next(submissions.read(folder_part(tmp_path))).text == expected
    assert read(bulk({"0704.0001": gz(text)}))[1].text == expected


def zipped(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 2, 3, 4, 6)), content)
    return out.getvalue()


# ---- bulk archives


def test_a_bulk_archive_gives_each_paper_its_place_and_name():
    files = {
        "0704.0001": gz(DOCUMENT),
        "hep-th9901001": gz(tar({"p.tex": DOCUMENT})),
        "0704.0003.pdf": b"%PDF-1.4",
        "0704.0004": gz(b"%!PS-Adobe"),
    }
    files |= {
        "0704.0005": gz(b"<html><body>x"),
        "0704.0006": gz(b"%auto-ignore\nwithdrawn\n"),
        "0704.0007": gz(b""),
        "0704.0008": gz(b"words"),
    }
    data = bulk(files)
    found = read(data, "arXiv_src_0704_001.tar")
    assert found[0] == Skipped("directory")
    assert [record.key for record in found[1:]] == ["0704.0001", "hep-th/9901001", *(f"0704.000{number}" for number in range(3, 9))]
    assert [record.columns["url"] for record in found[1:3]] == ["https://arxiv.org/abs/0704.0001", "https://arxiv.org/abs/hep-th/9901001"]
    states = ["latex", "latex", "pdf only", "postscript", "html", "withdrawn", "empty", "plain text"]
    assert [record.columns["state"] for record in found[1:]] == states
    assert [record.text for record in found[1:]] == [TEXT, TEXT] + [""] * 6
    assert {record.columns["modified"] for record in found[1:]} == {TIME}
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        assert [record.offset for record in found[1:]] == [member.offset for member in archive.getmembers()[1:]]


def test_members_of_a_bulk_archive_that_are_no_papers_are_named():
    good = gz(DOCUMENT)
    files = {"0704/0704.0001.gz": good, "0704/link.gz": (tarfile.SYMTYPE, "/etc/passwd"), "0704/device.gz": (tarfile.CHRTYPE, "")}
    files |= {"0704/../../0704.0002.gz": good, "/0704/0704.0003.gz": good, "0704/0704.0004.gz": b"", "0704/README.gz": good}
    files |= {"0704/0704.0005.gz": b"no gzip at all", "0704/0704.0006.gz": good[:-20]}
    found = read(tar(files), "arXiv_src_0704_001.tar")
    refused = [(record.label, record.reason, record.value) for record in found if isinstance(record, Refused)]
    assert refused == [
        ("not a regular file", "symbolic link", "/etc/passwd"),
        ("not a regular file", "device", ""),
        ("unsafe path", "path with ..", "0704/../../0704.0002.gz"),
        ("unsafe path", "absolute path", "/0704/0704.0003.gz"),
    ]
    broken = [(record.reason, record.excerpt.split(b":")[0], record.size) for record in found if isinstance(record, Broken)]
    assert broken == [("empty file", b"0704.0004", 0), ("gzip member is cut", b"0704.0006", len(good) - 20)]
    documents = [(record.key, record.columns["state"]) for record in found if isinstance(record, Document)]
    assert documents == [("0704.0001", "latex"), ("0704/README.gz", "latex"), ("0704.0005", "plain text")]


def test_a_bulk_archive_is_told_from_a_paper_s_tar():
    paper = tar({"main.tex": DOCUMENT, "data.gz": gz(b"x"), "1234/readme.txt": b"x"})
    assert [record.key for record in read(paper, "2302.13971.tar")] == ["2302.13971"]
    loose = tar({"2302.13971v1.gz": gz(DOCUMENT), "2302.13971v2.gz": gz(paper)})
    assert [(record.key, record.columns["version"]) for record in read(loose, "all.tar")] == [("2302.13971v1", 1), ("2302.13971v2", 2)]
    notes = tar({"README": b"x", "0704/0704.0001.gz": gz(DOCUMENT)})
    assert [record.key for record in read(notes, "all.tar")] == ["README", "0704.0001"]


# ---- folders


def test_folders_are_papers_or_folders_of_papers(tmp_path):
    for name in ("b/main.tex", "a/src/main.tex", "c/figure.pdf"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_bytes(DOCUMENT)
    found = submissions.folders(str(tmp_path))
    assert [os.path.basename(path) for path, _ in found] == ["a", "b", "c"]
    assert submissions.folders(str(tmp_path / "b")) == [found[1]]
    assert [size for _, (size, _) in found] == [len(DOCUMENT)] * 3
    (tmp_path / "a" / "figure.pdf").write_bytes(b"x")
    assert [path for path, _ in submissions.folders(str(tmp_path / "a"))] == [str(tmp_path / "a")]
    (tmp_path / "2302.13971v1" / "src").mkdir(parents=True)
    (tmp_path / "2302.13971v1" / "src" / "x.TEX").write_bytes(DOCUMENT)
    assert len(submissions.folders(str(tmp_path / "2302.13971v1"))) == 1
    (tmp_path / "2302.13971v1.gz").write_bytes(gz(DOCUMENT))
    for path in (tmp_path, tmp_path / "c"):
        with pytest.raises(InputError, match="expected a folder of a paper"):
            submissions.folders(str(path))


def test_a_folder_is_read_without_following_links(tmp_path):
    root = tmp_path / "2302.13971v3"
    (root / ".git").mkdir(parents=True)
    (root / "sub").mkdir()
    (root / ".git" / "x.tex").write_bytes(DOCUMENT)
    (root / "main.tex").write_bytes(DOCUMENT.replace(b"text", b"\\input{sub/a}\n\\input{out}"))
    (root / "sub" / "a.tex").write_bytes(b"A\n")
    (tmp_path / "secret.tex").write_bytes(b"secret")
    (root / "out.tex").symlink_to(tmp_path / "secret.tex")
    (root / "loop").symlink_to(root)
    os.mkfifo(root / "pipe")
    for path in (root / "main.tex", root / "sub" / "a.tex"):
        os.utime(path, (TIME, TIME))
    record = next(submissions.read(folder_part(root)))
    assert record.text == TEXT.replace("text", "A")
    assert (record.key, record.columns["version"], record.columns["modified"]) == ("2302.13971v3", 3, TIME)
    assert record.columns["refused"].split("\n") == [
        "symbolic link refused: loop",
        "symbolic link refused: out.tex",
        "device refused: pipe",
        "input file missing: out",
    ]


def test_the_time_of_change_is_arxiv_s_then_the_newest_file_s():
    files = tar({"a.tex": DOCUMENT}, TIME + 5)
    assert one(files).columns["modified"] == TIME + 5
    assert one(gz(files, 7)).columns["modified"] == TIME + 5
    assert one(gz(DOCUMENT, 9)).columns["modified"] == 9
    assert one(DOCUMENT).columns["modified"] == 0
    assert one(zipped({"a.tex": DOCUMENT})).columns["modified"] == 1577934246
    assert read(bulk({"0704.0001": gz(files)}, TIME))[1].columns["modified"] == TIME
    assert one(tar({"a.tex": DOCUMENT}, 2**60)).columns["modified"] == 0


def test_a_reader_that_is_given_the_part_twice_reads_it_twice():
    whole = part(gz(tar({"a.tex": DOCUMENT})))
    assert [*submissions.read(whole)] == [*submissions.read(whole)]
