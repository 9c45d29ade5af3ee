//! The readers and writers over a corpus of what the formats know, over broken files, and over noise.

use proptest::prelude::*;

use mailuo::question::formats::{
    Parsed, aiken, check, decode, gift, guess, sheet, table, text, write,
};
use mailuo::question::model::{Blank, Body, Choice, Draft, Format, Kind, MIDDLE};

const GIFT: &str = include_str!("corpus/gift.txt");
const AIKEN: &str = include_str!("corpus/aiken.txt");
const PAPER: &str = include_str!("corpus/paper.txt");

fn drafts(parsed: Parsed) -> Vec<Draft> {
    parsed
        .items
        .into_iter()
        .map(|item| {
            item.result
                .unwrap_or_else(|f| panic!("{}: {f:?}", item.source))
        })
        .collect()
}

/// Line and field of each fault, by question.
fn faults(parsed: Parsed) -> Vec<Vec<(i64, String)>> {
    parsed
        .items
        .into_iter()
        .map(|item| match item.result {
            Ok(draft) => panic!("is taken: {draft:?}"),
            Err(faults) => faults.into_iter().map(|f| (f.line, f.field)).collect(),
        })
        .collect()
}

fn texts(body: &Body) -> Vec<(String, bool)> {
    match body {
        Body::Single { choices } | Body::Multiple { choices } => {
            choices.iter().map(|c| (c.text.clone(), c.right)).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn accepts(draft: &Draft) -> Blank {
    match &draft.body {
        Body::Fill { blanks } => blanks[0].clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn gift_is_read_whole() {
    let parsed = gift::read(GIFT);
    assert_eq!(parsed.skipped, 1, "the description");
    let all = drafts(parsed);
    assert_eq!(all.len(), 19);
    let first = &all[0];
    assert_eq!(
        (first.code.as_str(), first.title.as_str()),
        ("G1", "诊断界值")
    );
    assert_eq!(
        (first.tags.as_slice(), first.difficulty),
        (&["高血压".to_owned()][..], 4)
    );
    assert_eq!(first.explanation, "中国指南沿用 140/90。");
    assert_eq!(first.category, "");
    let Body::Single { choices } = &first.body else {
        panic!("{first:?}");
    };
    assert_eq!(choices[0].feedback, "对");
    assert!(choices[0].right && !choices[1].right);

    assert_eq!(all[1].category, "心血管/高血压");
    assert_eq!(all[1].body.kind(), Kind::Multiple);
    assert_eq!(
        texts(&all[1].body)
            .iter()
            .filter(|(_, right)| *right)
            .count(),
        2
    );
    assert_eq!(all[2].body, Body::TrueFalse { right: true });
    assert_eq!(all[3].body, Body::TrueFalse { right: false });
    assert_eq!(all[4].stem, "RAAS 抑制剂的全称里，ACE 是 _____ 的缩写。");
    assert_eq!(
        accepts(&all[4]).accept,
        [
            "血管紧张素转换酶",
            r"angiotensin\-converting enzyme",
            "转换酶"
        ]
    );
    assert_eq!(accepts(&all[5]).accept, ["mmol/L"]);
    assert_eq!(
        all[6].body,
        Body::Ordering {
            items: ["休息 5 分钟", "袖带平心脏", "充气", "读数"]
                .map(str::to_owned)
                .to_vec()
        }
    );
    let Body::Matching { pairs, extra } = &all[7].body else {
        panic!("{:?}", all[7]);
    };
    assert_eq!(
        (pairs.len(), extra.as_slice()),
        (2, &["利尿剂".to_owned()][..])
    );
    assert_eq!(accepts(&all[8]).ranges, [(4.0, 6.0)]);
    assert_eq!(accepts(&all[9]).ranges, [(18.5, 23.9)]);
    assert_eq!(accepts(&all[10]).ranges, [(1.0, 1.0), (1.5, 2.5)]);
    assert_eq!(all[11].body.kind(), Kind::Short);
    assert_eq!(all[12].stem, r"含符号的题 {1=2} ~ # : \");
    assert_eq!(accepts(&all[12]).accept, ["a=b", "c~d"]);
    assert_eq!(all[13].stem, "<b>粗体</b>题干");
    assert_eq!(all[14].stem, "标题里没有双冒号 :: 的题");
    assert_eq!(all[15].stem, "注意 http://example.com 不是注释");
    assert_eq!(texts(&all[16].body)[0].0, "50%");
    assert_eq!(accepts(&all[17]).accept, ["*普利"]);
    assert_eq!(all[18].stem, "第一行\n第二行\n第三行");
}

#[test]
fn broken_gift_is_refused_by_line() {
    let broken = include_str!("corpus/gift_broken.txt");
    let lines: Vec<i64> = faults(gift::read(broken))
        .into_iter()
        .map(|of_one| of_one[0].0)
        .collect();
    assert_eq!(lines, [1, 3, 5, 7, 9, 11, 13, 15, 17, 21]);
}

#[test]
fn aiken_is_read_whole() {
    let all = drafts(aiken::read(AIKEN));
    let right: Vec<usize> = all
        .iter()
        .map(|d| {
            texts(&d.body)
                .iter()
                .position(|(_, right)| *right)
                .expect("one is right")
        })
        .collect();
    assert_eq!(right, [3, 0, 0]);
    assert_eq!(all[2].stem, "高血压的首选生活方式干预是？\n两行的题干");
}

#[test]
fn broken_aiken_is_refused_by_line() {
    let broken = include_str!("corpus/aiken_broken.txt");
    let found = faults(aiken::read(broken));
    let first: Vec<(i64, &str)> = found.iter().map(|f| (f[0].0, f[0].1.as_str())).collect();
    assert_eq!(
        first,
        [
            (3, "选项"),
            (7, "选项"),
            (13, "答案"),
            (18, "答案"),
            (22, "选项"),
            (26, "答案")
        ]
    );
}

#[test]
fn papers_are_read_whole() {
    let all = drafts(text::read(PAPER));
    assert_eq!(all.len(), 13);
    assert!(all[..12].iter().all(|d| d.category == "心血管/高血压"));
    assert_eq!(all[12].category, "合规");
    let kinds: Vec<Kind> = all.iter().map(|d| d.body.kind()).collect();
    use Kind::*;
    assert_eq!(
        kinds,
        [
            Single, Single, Single, Multiple, Multiple, TrueFalse, TrueFalse, TrueFalse, Fill,
            Short, Ordering, Matching, TrueFalse
        ]
    );
    assert_eq!(all[0].stem, "成人诊室血压的诊断界值是（ ）");
    let options: Vec<String> = texts(&all[0].body).into_iter().map(|(t, _)| t).collect();
    assert_eq!(
        options,
        [
            "≥140/90 mmHg",
            "≥130/80 mmHg",
            "≥150/90 mmHg",
            "≥120/80 mmHg"
        ]
    );
    assert_eq!(texts(&all[1].body)[0].0, "维生素 C. 片");
    assert_eq!(texts(&all[1].body).len(), 3);
    assert_eq!(
        (all[1].difficulty, all[1].tags.as_slice()),
        (1, &["维生素".to_owned(), "营养".to_owned()][..])
    );
    assert_eq!(all[2].stem, "剂量为 1.5 mg 时，应");
    assert_eq!(texts(&all[2].body)[1].0, "每日两次，\n餐后服用");
    assert_eq!(
        all[2].explanation,
        "说明书如此。\n1. 先看肾功能\n2. 再看血钾"
    );
    assert_eq!(all[5].body, Body::TrueFalse { right: true });
    assert_eq!(all[6].body, Body::TrueFalse { right: false });
    assert_eq!(all[7].body, Body::TrueFalse { right: true });
    let Body::Fill { blanks } = &all[8].body else {
        panic!("{:?}", all[8]);
    };
    assert_eq!(blanks.len(), 2);
    assert_eq!(blanks[1].accept, ["90", "九十"]);
    assert!(matches!(&all[9].body, Body::Short { model } if model.ends_with("随访。")));
    assert_eq!(
        all[10].body,
        Body::Ordering {
            items: ["休息 5 分钟", "袖带平心脏", "充气"]
                .map(str::to_owned)
                .to_vec()
        }
    );
}

#[test]
fn broken_papers_are_refused_by_line() {
    let broken = include_str!("corpus/paper_broken.txt");
    let found = faults(text::read(broken));
    let first: Vec<(i64, &str)> = found.iter().map(|f| (f[0].0, f[0].1.as_str())).collect();
    assert_eq!(
        first,
        [
            (1, "答案"),
            (8, "答案"),
            (13, "答案"),
            (16, "答案"),
            (18, "选项"),
            (26, "难度"),
            (32, "答案")
        ]
    );
}

#[test]
fn formats_are_told_by_their_content() {
    for (text, format) in [
        (GIFT, Format::Gift),
        (AIKEN, Format::Aiken),
        (PAPER, Format::Text),
        ("题型,题干,答案\n判断题,对吗,对\n", Format::Xlsx),
    ] {
        assert_eq!(guess(text.as_bytes()), format);
    }
}

/// Out and in again, what a format holds is the same.
fn returns(drafts: &[Draft], format: Format) {
    let (bytes, left) = write(drafts, format).expect("is written");
    let rows = table(&bytes, Some(format)).expect("is read");
    assert_eq!(rows.faults, []);
    let back: Vec<Draft> = rows
        .iter()
        .map(|row| sheet::draft(&row).unwrap_or_else(|f| panic!("{format:?}: {f:?}")))
        .collect();
    assert_eq!(back.len() + left, drafts.len());
    // Once more: the same file, to the letter or to the question.
    let (again, _) = write(&back, format).expect("is written");
    let second: Vec<Draft> = table(&again, Some(format))
        .expect("is read")
        .iter()
        .map(|row| sheet::draft(&row).expect("is whole"))
        .collect();
    assert_eq!(second, back, "{format:?}");
    let same = |a: &Draft, b: &Draft| a.stem == b.stem && a.body.written() == b.body.written();
    for one in &back {
        assert!(drafts.iter().any(|d| same(d, one)), "{format:?}: {one:?}");
    }
}

#[test]
fn pairs_of_gift_have_no_weights() {
    let all = drafts(gift::read(
        "::对::连线\n{\n=%0% -> %0%0\n=%50%乙 -> 丁\n}\n",
    ));
    let pairs = [("%0%", "%0%0"), ("%50%乙", "丁")].map(|(l, r)| (l.to_owned(), r.to_owned()));
    assert!(matches!(&all[0].body, Body::Matching { pairs: found, .. } if *found == pairs));
}

#[test]
fn import_export_import_is_the_same_bank() {
    for (name, all) in [
        ("gift", drafts(gift::read(GIFT))),
        ("aiken", drafts(aiken::read(AIKEN))),
        ("paper", drafts(text::read(PAPER))),
    ] {
        for format in Format::ALL {
            println!("{name} as {format:?}");
            returns(&all, format);
        }
    }
    // GIFT holds feedback and titles too.
    let all = drafts(gift::read(GIFT));
    let (bytes, left) = write(&all, Format::Gift).expect("is written");
    assert_eq!(left, 0);
    assert_eq!(drafts(gift::read(&decode(&bytes))), all);
}

fn any_text() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9高血压是否（）()=~#{}:%.、。;；|/\\\\> -]{1,24}"
        .prop_map(|s| s.trim().to_owned())
        .prop_filter("not empty", |s| !s.is_empty())
}

fn any_body() -> impl Strategy<Value = Body> {
    let options = || {
        proptest::collection::btree_set(any_text(), 2..6)
            .prop_map(|s| s.into_iter().collect::<Vec<_>>())
    };
    prop_oneof![
        (options(), any::<prop::sample::Index>()).prop_map(|(texts, right)| {
            let right = right.index(texts.len());
            let choices = texts
                .into_iter()
                .enumerate()
                .map(|(i, text)| Choice {
                    text,
                    right: i == right,
                    feedback: String::new(),
                })
                .collect();
            Body::Single { choices }
        }),
        options().prop_map(|texts| Body::Multiple {
            choices: texts
                .into_iter()
                .enumerate()
                .map(|(i, text)| Choice {
                    text,
                    right: i < 2,
                    feedback: String::new()
                })
                .collect()
        }),
        any::<bool>().prop_map(|right| Body::TrueFalse { right }),
        proptest::collection::vec(proptest::collection::vec(any_text(), 1..3), 1..4).prop_map(
            |blanks| Body::Fill {
                blanks: blanks
                    .into_iter()
                    .map(|accept| Blank {
                        accept,
                        ranges: Vec::new()
                    })
                    .collect()
            }
        ),
        options().prop_map(|items| Body::Ordering { items }),
        (options(), any_text()).prop_map(|(texts, last)| Body::Matching {
            pairs: texts
                .iter()
                .map(|t| (t.clone(), format!("{t}{last}")))
                .collect(),
            extra: Vec::new()
        }),
        (any_text(), any_text()).prop_map(|(first, second)| Body::Short {
            model: format!("{first}\n{second}")
        }),
    ]
}

fn any_draft() -> impl Strategy<Value = Draft> {
    (any_text(), any_body(), any_text(), 1_i64..=5).prop_map(
        |(stem, body, explanation, difficulty)| Draft {
            code: String::new(),
            title: String::new(),
            stem,
            body,
            explanation,
            category: String::new(),
            tags: Vec::new(),
            difficulty,
            images: Vec::new(),
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Noise, and pieces of good files in any order, make no reader panic.
    #[test]
    fn noise_makes_no_reader_panic(
        noise in "\\PC{0,200}",
        cuts in proptest::collection::vec((0_usize..2_000, 0_usize..60), 0..8),
    ) {
        for corpus in [GIFT, AIKEN, PAPER] {
            let chars: Vec<char> = corpus.chars().collect();
            let mut mixed = noise.clone();
            for (from, length) in &cuts {
                let from = from % chars.len();
                mixed.extend(&chars[from..(from + length).min(chars.len())]);
            }
            gift::read(&mixed);
            aiken::read(&mixed);
            text::read(&mixed);
            let _ = table(mixed.as_bytes(), None);
        }
    }

    /// What a format says it holds comes back as it was.
    #[test]
    fn what_a_format_holds_comes_back(draft in any_draft()) {
        prop_assume!(check(&draft).is_empty());
        for (format, holds) in [
            (Format::Xlsx, sheet::holds(&draft)),
            (Format::Gift, gift::holds(&draft)),
            (Format::Aiken, aiken::holds(&draft)),
            (Format::Text, text::holds(&draft)),
        ] {
            if !holds {
                continue;
            }
            let (bytes, left) = write(std::slice::from_ref(&draft), format).expect("is written");
            prop_assert_eq!(left, 0);
            let rows = table(&bytes, Some(format)).expect("is read");
            prop_assert!(rows.faults.is_empty(), "{:?}: {:?}", format, rows.faults);
            let back: Vec<Draft> = rows.iter().map(|row| sheet::draft(&row).expect("is whole")).collect();
            let mut wanted = draft.clone();
            if format == Format::Aiken {
                wanted.explanation = String::new();
                wanted.difficulty = MIDDLE;
            }
            prop_assert_eq!(&back, &[wanted], "{:?}", format);
        }
    }
}
