//! Roles and what each may do. Enforced by `server::guard`; the pages ask here only to hide what would be refused.

use serde::{Deserialize, Serialize};

/// A staff member's role, as in the domain's table of users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Rep,
    OtcRep,
    TradeRep,
    Manager,
    Trainer,
    Marketer,
    ServiceAgent,
    Compliance,
    Admin,
}

impl Role {
    /// All roles in the order of the domain's table.
    pub const ALL: [Role; 9] = [
        Role::Rep,
        Role::OtcRep,
        Role::TradeRep,
        Role::Manager,
        Role::Trainer,
        Role::Marketer,
        Role::ServiceAgent,
        Role::Compliance,
        Role::Admin,
    ];

    /// The code used in tables, URLs and files.
    pub fn code(self) -> &'static str {
        match self {
            Role::Rep => "rep",
            Role::OtcRep => "otc_rep",
            Role::TradeRep => "trade_rep",
            Role::Manager => "manager",
            Role::Trainer => "trainer",
            Role::Marketer => "marketer",
            Role::ServiceAgent => "service_agent",
            Role::Compliance => "compliance",
            Role::Admin => "admin",
        }
    }

    /// The role of a code.
    pub fn parse(code: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|r| r.code() == code)
    }

    /// The role's name in the current language.
    pub fn label(self) -> String {
        match self {
            Role::Rep => tr!("role.rep"),
            Role::OtcRep => tr!("role.otc_rep"),
            Role::TradeRep => tr!("role.trade_rep"),
            Role::Manager => tr!("role.manager"),
            Role::Trainer => tr!("role.trainer"),
            Role::Marketer => tr!("role.marketer"),
            Role::ServiceAgent => tr!("role.service_agent"),
            Role::Compliance => tr!("role.compliance"),
            Role::Admin => tr!("role.admin"),
        }
    }

    /// Whether the role sees the whole company (the others see their units' subtree or their own).
    pub fn sees_company(self) -> bool {
        matches!(
            self,
            Role::Trainer | Role::Marketer | Role::Compliance | Role::Admin
        )
    }

    /// Whether the role has this permission.
    pub fn may(self, permission: Permission) -> bool {
        use Permission as P;
        use Role as R;
        match permission {
            P::OwnAccount | P::ReadArticles | P::ReadProducts | P::Workbench | P::Learn => true,
            P::CheckIn | P::ReadVisits => matches!(
                self,
                R::Rep | R::OtcRep | R::TradeRep | R::Manager | R::Compliance | R::Admin
            ),
            P::RecordVisits => {
                matches!(self, R::Rep | R::OtcRep | R::TradeRep | R::Manager)
            }
            P::ReviewVisits => self == R::Manager,
            P::HandleAdverseEvents => self == R::Compliance,
            P::SendMemos => matches!(
                self,
                R::Manager | R::Trainer | R::Marketer | R::Compliance | R::Admin
            ),
            P::ReadHcps => matches!(
                self,
                R::Rep
                    | R::OtcRep
                    | R::TradeRep
                    | R::Manager
                    | R::Marketer
                    | R::Compliance
                    | R::Admin
            ),
            P::WriteHcps => matches!(
                self,
                R::Rep | R::OtcRep | R::TradeRep | R::Manager | R::Compliance | R::Admin
            ),
            P::ReadShares => matches!(
                self,
                R::Rep | R::OtcRep | R::Manager | R::Marketer | R::Compliance | R::Admin
            ),
            P::InviteHcps | P::Share => matches!(self, R::Rep | R::OtcRep | R::Manager),
            P::RevealPhones => matches!(
                self,
                R::Rep | R::OtcRep | R::TradeRep | R::Compliance | R::Admin
            ),
            P::AssignHcps => matches!(self, R::Manager | R::Compliance | R::Admin),
            P::MakeCodes => matches!(
                self,
                R::Rep | R::OtcRep | R::Manager | R::Marketer | R::Admin
            ),
            P::WithdrawConsents => matches!(
                self,
                R::Rep | R::OtcRep | R::Manager | R::Compliance | R::Admin
            ),
            P::ReadInsight => matches!(
                self,
                R::Manager | R::Trainer | R::Marketer | R::Compliance | R::Admin
            ),
            P::OwnImports => matches!(self, R::Trainer | R::Compliance | R::Admin),
            P::ReadResults => {
                matches!(self, R::Manager | R::Trainer | R::Compliance | R::Admin)
            }
            P::WriteCourses | P::WriteExams | P::WriteQuestions => {
                matches!(self, R::Trainer | R::Admin)
            }
            P::StewardHcps | P::ExportPhones | P::ConsentTexts | P::ImportHcps => {
                matches!(self, R::Compliance | R::Admin)
            }
            P::WriteArticles => matches!(self, R::Marketer),
            P::ReviewArticles => matches!(self, R::Compliance),
            P::ReadAudit => matches!(self, R::Compliance | R::Admin),
            P::ReadTerminals => matches!(self, R::Manager | R::Marketer | R::Compliance | R::Admin),
            P::ConfirmFlow => matches!(self, R::Rep | R::OtcRep | R::TradeRep | R::Manager),
            P::ReadFlow => matches!(
                self,
                R::OtcRep | R::TradeRep | R::Manager | R::Marketer | R::Compliance | R::Admin
            ),
            P::SeeAppeals => {
                Role::may(self, P::ConfirmFlow) || matches!(self, R::Compliance | R::Admin)
            }
            P::Import | P::ManageOrg | P::AnswerComplaints | P::WriteProducts | P::OperateFlow => {
                matches!(self, R::Admin)
            }
        }
    }
}

/// One thing that a role may or may not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    /// One's own account: sessions, password, phone, language.
    OwnAccount,
    /// The first page after sign-in.
    Workbench,
    /// HCPs within scope.
    ReadHcps,
    /// Enter and change HCPs within scope, their tags and notes; own groups, followed HCPs, sharing with colleagues.
    WriteHcps,
    /// Give HCPs within scope to somebody else within scope, one or many at a time.
    AssignHcps,
    /// Make, show and revoke personal QR codes for one's own HCPs.
    InviteHcps,
    /// Public codes for self-registration, and their funnel.
    MakeCodes,
    /// Withdraw a consent on an HCP's request.
    WithdrawConsents,
    /// The texts to which HCPs agree.
    ConsentTexts,
    /// See a phone number in full; each time is written to the audit log.
    RevealPhones,
    /// Decide about self-registered HCPs and duplicates, merge and undo merges.
    StewardHcps,
    /// Phone numbers in full in an export; each export is written to the audit log.
    ExportPhones,
    /// See, check and apply imports of one's own; each kind asks for its own permission.
    OwnImports,
    /// Import HCPs.
    ImportHcps,
    /// The question bank.
    WriteQuestions,
    /// Check in, and the sheet of check-ins within scope.
    CheckIn,
    /// Records of visits within scope, and how people compare.
    ReadVisits,
    /// Plan and record visits of one's own.
    RecordVisits,
    /// Give stars to the records of one's team, comment on them, ask for a change.
    ReviewVisits,
    /// All adverse events, and the steps that the company takes.
    HandleAdverseEvents,
    /// Write to people and units within scope.
    SendMemos,
    /// Answer complaints and suggestions.
    AnswerComplaints,
    /// Take exams that are set to oneself.
    Learn,
    /// Put exams together, publish them, mark answers.
    WriteExams,
    /// Make courses, publish them, answer in the lecturer's place.
    WriteCourses,
    /// Courses with their coverage, results of exams and records, within scope.
    ReadResults,
    /// Published articles; drafts need one of the next two.
    ReadArticles,
    /// Write articles, submit, publish and withdraw them.
    WriteArticles,
    /// Approve or send back articles (medical-legal review).
    ReviewArticles,
    /// Make share links.
    Share,
    /// Numbers and trees of sharing within scope.
    ReadShares,
    /// Dashboards and their reports within scope; each number also asks for the permission of what it counts.
    ReadInsight,
    /// The audit log.
    ReadAudit,
    /// Terminals and who looks after them.
    ReadTerminals,
    /// The catalogue of products.
    ReadProducts,
    /// Enter and change products, their prices and labels.
    WriteProducts,
    /// Confirm the lines of the terminals that one looks after, and appeal.
    ConfirmFlow,
    /// Sums, reports and months of flow within scope. Not for medical reps, who carry no sales target (domain, Flow).
    ReadFlow,
    /// Appeals within scope and their steps.
    SeeAppeals,
    /// Import flow, match names, move months on, decide appeals.
    OperateFlow,
    /// Import people, hospitals and who looks after them.
    Import,
    /// People, units, assignments, settings, the SMS outbox.
    ManageOrg,
}
