//! What the free text of a record suggests, so that the right form is offered: words that speak of an adverse event, of
//! off-label use, of gifts, or of personal data (domain, Visits). A hint and no verdict: nothing is refused for it.

/// What is watched for, in the order in which it is shown.
pub const KINDS: [&str; 4] = ["adverse_event", "off_label", "gift", "personal_data"];

const ADVERSE_EVENT: &[&str] = &[
    "不良反应",
    "不良事件",
    "副作用",
    "过敏",
    "皮疹",
    "休克",
    "呼吸困难",
    "出血",
    "黑便",
    "晕厥",
    "昏迷",
    "住院治疗",
    "肝功能异常",
    "肾功能异常",
    "转氨酶升高",
    "横纹肌溶解",
    "低血糖发作",
    "死亡",
    "去世",
    "抢救",
    "停药后好转",
    "致畸",
    "adverse event",
    "side effect",
    "allergic",
    "rash",
    "anaphyla",
    "died",
];
const OFF_LABEL: &[&str] = &[
    "超说明书",
    "超适应症",
    "适应症外",
    "说明书外",
    "超剂量",
    "加大剂量使用",
    "儿童使用",
    "孕妇使用",
    "哺乳期使用",
    "off-label",
    "off label",
];
const GIFT: &[&str] = &[
    "红包",
    "礼品",
    "礼物",
    "购物卡",
    "回扣",
    "现金",
    "返点",
    "好处费",
    "讲课费",
    "劳务费",
    "请吃饭",
    "宴请",
    "旅游",
    "赞助",
    "统方",
    "处方量",
    "gift",
    "kickback",
    "cash",
];
const PERSONAL_DATA: &[&str] = &[
    "身份证",
    "病历号",
    "住院号",
    "门诊号",
    "就诊卡",
    "家庭住址",
    "患者姓名",
    "患者电话",
    "id card",
    "medical record number",
];

/// The words of a kind, in lower case.
pub fn words(kind: &str) -> &'static [&'static str] {
    match kind {
        "adverse_event" => ADVERSE_EVENT,
        "off_label" => OFF_LABEL,
        "gift" => GIFT,
        _ => PERSONAL_DATA,
    }
}

/// Whether a text holds a mobile number (11 digits from 13 to 19) or an identity number (17 digits and a digit or X).
fn holds_number(text: &str) -> bool {
    let mut run = String::new();
    let is_one = |run: &str| {
        let digits = run.bytes().all(|b| b.is_ascii_digit());
        match run.len() {
            11 => digits && run.as_bytes()[0] == b'1' && run.as_bytes()[1] >= b'3',
            18 => run[..17].bytes().all(|b| b.is_ascii_digit()),
            _ => false,
        }
    };
    for c in text.chars().chain([' ']) {
        if c.is_ascii_digit() || (c.eq_ignore_ascii_case(&'x') && run.len() == 17) {
            run.push(c);
        } else if is_one(&run) {
            return true;
        } else {
            run.clear();
        }
    }
    false
}

/// What a text suggests.
pub fn watch(text: &str) -> Vec<&'static str> {
    let text = text.to_lowercase();
    KINDS
        .into_iter()
        .filter(|kind| {
            words(kind).iter().any(|word| text.contains(word))
                || (*kind == "personal_data" && holds_number(&text))
        })
        .collect()
}

/// What a hint says, in the current language.
pub fn label(kind: &str) -> String {
    match kind {
        "adverse_event" => tr!("visit.watch_adverse_event"),
        "off_label" => tr!("visit.watch_off_label"),
        "gift" => tr!("visit.watch_gift"),
        _ => tr!("visit.watch_personal_data"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_numbers_are_seen() {
        assert_eq!(watch("讨论了 LDL-C 目标值"), Vec::<&str>::new());
        assert_eq!(watch("患者用药后出现皮疹"), ["adverse_event"]);
        assert_eq!(
            watch("医生问儿童使用的剂量，并提到 Side Effect"),
            ["adverse_event", "off_label"]
        );
        assert_eq!(watch("希望赞助旅游"), ["gift"]);
        assert_eq!(watch("电话13800138000"), ["personal_data"]);
        assert_eq!(watch("编号 1380013800"), Vec::<&str>::new());
        assert_eq!(watch("11010519491231002X"), ["personal_data"]);
        assert_eq!(
            watch("138001380001"),
            Vec::<&str>::new(),
            "twelve digits are no phone"
        );
    }
}
