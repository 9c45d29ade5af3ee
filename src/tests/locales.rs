//! Every text is there in both languages, and none is left over.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// All texts of a language: a file for each slice, beside the common one.
fn locale(code: &str) -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("locales");
    let mut out = BTreeMap::new();
    for entry in std::fs::read_dir(folder)
        .expect("the folder of locales")
        .filter_map(Result::ok)
    {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name != format!("{code}.yml") && !name.ends_with(&format!(".{code}.yml")) {
            continue;
        }
        let text = std::fs::read_to_string(entry.path()).expect("the locale file");
        let tree: serde_json::Value =
            serde_saphyr::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
        let mut texts = BTreeMap::new();
        flatten(&tree, String::new(), &mut texts);
        texts.remove("_version");
        for (key, text) in texts {
            assert!(
                out.insert(key.clone(), text).is_none(),
                "{name}: {key} stands in another file too"
            );
        }
    }
    out
}

fn flatten(value: &serde_json::Value, prefix: String, out: &mut BTreeMap<String, String>) {
    match value {
        serde_json::Value::Object(map) => {
            for (key, value) in map {
                let path = if prefix.is_empty() {
                    key.clone()
                } else {
                    format!("{prefix}.{key}")
                };
                flatten(value, path, out);
            }
        }
        other => {
            out.insert(
                prefix,
                other
                    .as_str()
                    .map_or_else(|| other.to_string(), str::to_owned),
            );
        }
    }
}

fn sources(folder: &Path, out: &mut String) {
    for entry in std::fs::read_dir(folder)
        .expect("a folder")
        .filter_map(Result::ok)
    {
        let path = entry.path();
        if path.is_dir() && path.file_name().is_some_and(|n| n != "tests") {
            sources(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push_str(&std::fs::read_to_string(&path).expect("a source file"));
        }
    }
}

/// String literals of the form `words.words`.
fn literals(source: &str) -> BTreeSet<String> {
    let shape = |s: &str| {
        s.contains('.')
            && s.split('.').all(|p| {
                !p.is_empty()
                    && p.chars()
                        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
            })
    };
    source
        .split('"')
        .filter(|s| shape(s))
        .map(str::to_owned)
        .collect()
}

/// Keys given to `tr!`.
fn asked(source: &str) -> BTreeSet<String> {
    source
        .replace("include_str!(", "")
        .split("tr!(")
        .skip(1)
        .filter_map(|rest| {
            rest.trim_start()
                .strip_prefix('"')?
                .split('"')
                .next()
                .map(str::to_owned)
        })
        .collect()
}

#[test]
fn no_key_is_missing_or_left_over() {
    let (zh, en) = (locale("zh-CN"), locale("en"));
    assert_eq!(
        zh.keys().collect::<Vec<_>>(),
        en.keys().collect::<Vec<_>>(),
        "both languages have the same keys"
    );
    let mut source = String::new();
    sources(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut source,
    );
    let literals = literals(&source);
    let missing: Vec<_> = asked(&source)
        .into_iter()
        .filter(|k| !zh.contains_key(k) && k != "key")
        .collect();
    assert_eq!(
        missing,
        Vec::<String>::new(),
        "texts that are asked for and not there"
    );
    // Keys that are not given to tr! stand as literals of these families.
    let families = [
        "error.",
        "field.",
        "notice.",
        "invite.",
        "onboard.",
        "import.",
        "sign_in.",
        "article.not",
    ];
    let missing: Vec<_> = literals
        .iter()
        .filter(|k| {
            families.iter().any(|f| k.starts_with(f))
                && !zh.contains_key(*k)
                && *k != "import.apply"
        })
        .collect();
    assert_eq!(
        missing,
        Vec::<&String>::new(),
        "keys that are named and not there"
    );
    // The names of audited acts, and of what they are done to, stand under their codes.
    let unused: Vec<_> = zh
        .keys()
        .filter(|k| match k.strip_prefix("audit.kind.") {
            Some(kind) => !source.contains(&format!("\"{kind}\"")),
            None => !literals.contains(k.strip_prefix("acts.").unwrap_or(k)),
        })
        .collect();
    assert_eq!(unused, Vec::<&String>::new(), "texts that nothing asks for");
}

#[test]
fn every_audited_act_has_a_name() {
    let mut source = String::new();
    sources(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut source,
    );
    let zh = locale("zh-CN");
    let events = || source.split("Event::new(").skip(1);
    let literal = |text: &'_ str| -> Option<String> {
        let text = text.trim_start().strip_prefix('"')?;
        text.split('"').next().map(str::to_owned)
    };
    let acts = events()
        .filter_map(literal)
        .map(|act| format!("acts.{act}"));
    let kinds = events()
        .filter_map(|rest| literal(rest.split(',').nth(1)?))
        .map(|kind| format!("audit.kind.{kind}"));
    let nameless: Vec<String> = acts
        .chain(kinds)
        .filter(|key| !zh.contains_key(key))
        .collect();
    assert_eq!(nameless, Vec::<String>::new());
}

#[test]
fn both_languages_fill_the_same_places() {
    let (zh, en) = (locale("zh-CN"), locale("en"));
    let places = |text: &str| -> BTreeSet<String> {
        text.split("%{")
            .skip(1)
            .filter_map(|rest| rest.split('}').next().map(str::to_owned))
            .collect()
    };
    for (key, text) in &zh {
        assert_eq!(places(text), places(&en[key]), "{key}");
    }
}
