//! What staff learn: courses set to them, lessons and courses completed, first answers.

use super::{Col, Fact, NONE, When};

/// Required courses with each person to whom they are set today.
pub static ASSIGNMENT: Fact = Fact {
    tables: "course, course_audience, course_completion",
    from: "course c JOIN staff s ON {assigned} LEFT JOIN course_completion d ON d.course_id = c.id \
        AND d.version = c.version AND d.learner = 'staff:' || s.id",
    base: "c.required AND c.published_at IS NOT NULL AND c.archived_at IS NULL",
    person: "s.id",
    course: "c.id",
    shown: "JOIN org_unit u ON u.id = s.unit_id",
    columns: &[
        ("insight.col.person", Col::Text("s.name")),
        ("insight.col.unit", Col::Text("u.name")),
        (
            "insight.col.course",
            Col::Link("/courses/", "c.id", "c.title"),
        ),
        ("insight.col.completed", Col::Moment("d.completed_at")),
    ],
    order: "c.title, c.id, s.name, s.id",
    ..NONE
};

/// Lessons that staff completed.
pub static LESSON: Fact = Fact {
    tables: "lesson_progress",
    from: "lesson_progress p",
    base: "p.completed_at IS NOT NULL AND p.learner LIKE 'staff:%'",
    when: When::Moment("p.completed_at"),
    person: "SUBSTR(p.learner, 7)",
    course: "p.course_id",
    shown: "JOIN staff st ON st.id = SUBSTR(p.learner, 7) JOIN org_unit u ON u.id = st.unit_id \
        JOIN course c ON c.id = p.course_id",
    columns: &[
        ("insight.col.at", Col::Moment("p.completed_at")),
        ("insight.col.person", Col::Text("st.name")),
        ("insight.col.unit", Col::Text("u.name")),
        (
            "insight.col.course",
            Col::Link("/courses/", "c.id", "c.title"),
        ),
    ],
    order: "p.completed_at DESC, p.learner, p.lesson_id, p.version",
    ..NONE
};

/// Courses that staff completed.
pub static COMPLETION: Fact = Fact {
    tables: "course_completion",
    from: "course_completion d",
    base: "d.learner LIKE 'staff:%'",
    when: When::Moment("d.completed_at"),
    person: "SUBSTR(d.learner, 7)",
    course: "d.course_id",
    shown: "JOIN staff st ON st.id = SUBSTR(d.learner, 7) JOIN org_unit u ON u.id = st.unit_id \
        JOIN course c ON c.id = d.course_id",
    columns: &[
        ("insight.col.at", Col::Moment("d.completed_at")),
        ("insight.col.person", Col::Text("st.name")),
        ("insight.col.unit", Col::Text("u.name")),
        (
            "insight.col.course",
            Col::Link("/courses/", "c.id", "c.title"),
        ),
        ("insight.col.version", Col::Number("d.version")),
    ],
    order: "d.completed_at DESC, d.learner, d.course_id, d.version",
    ..NONE
};

/// First answers of staff to questions.
pub static ANSWER: Fact = Fact {
    tables: "first_answer",
    from: "first_answer f",
    base: "f.learner LIKE 'staff:%'",
    when: When::Moment("f.at"),
    person: "SUBSTR(f.learner, 7)",
    shown: "JOIN staff st ON st.id = SUBSTR(f.learner, 7) JOIN org_unit u ON u.id = st.unit_id \
        JOIN question qu ON qu.id = f.question_id",
    columns: &[
        ("insight.col.at", Col::Moment("f.at")),
        ("insight.col.person", Col::Text("st.name")),
        ("insight.col.unit", Col::Text("u.name")),
        ("insight.col.question", Col::Text("qu.stem")),
        ("insight.col.correct", Col::Yes("f.correct")),
    ],
    order: "f.at DESC, f.learner, f.question_id, f.version",
    ..NONE
};
