//! The part of a form that holds an audience.

use leptos::prelude::*;

use super::model::{Audience, AudienceChoices};
use crate::shared::Role;
use crate::ui::form::{Checkbox, FieldMessage, FormState, Select, TextArea};

/// Names of the boxes of the roles.
const ROLES: [&str; 9] = [
    "roles[0]", "roles[1]", "roles[2]", "roles[3]", "roles[4]", "roles[5]", "roles[6]", "roles[7]",
    "roles[8]",
];
/// Names of the choices of units.
const UNITS: [&str; 4] = ["units[0]", "units[1]", "units[2]", "units[3]"];

/// All staff, roles, units and named people.
#[component]
pub fn AudienceFields(audience: Audience, choices: AudienceChoices) -> impl IntoView {
    view! {
        <FieldMessage name="audience"/>
        <Checkbox name="all" label=tr!("audience.all") checked=audience.all/>
        <fieldset class="mb-3">
            <legend class="text-sm font-medium">{tr!("audience.roles")}</legend>
            <Roles chosen=audience.roles/>
        </fieldset>
        <Units choices=choices.units chosen=audience.units/>
        <TextArea name="people" label=tr!("audience.people") value=audience.people hint=tr!("audience.people_hint") rows=2/>
    }
}

/// A box for each role.
#[component]
fn Roles(chosen: Vec<Role>) -> impl IntoView {
    let state = expect_context::<FormState>();
    view! {
        <div class="grid grid-cols-2 gap-x-4 sm:grid-cols-3">
            {Role::ALL
                .into_iter()
                .zip(ROLES)
                .map(|(role, name)| {
                    let on = state.ticked(name, role.code(), chosen.contains(&role));
                    view! {
                        <label class="flex min-h-10 items-center gap-2">
                            <input type="checkbox" name=name value=role.code() checked=on class="checkbox checkbox-sm"/>
                            <span>{role.label()}</span>
                        </label>
                    }
                })
                .collect_view()}
        </div>
    }
}

/// Up to four units, each with all below it.
#[component]
fn Units(choices: Vec<(String, String)>, chosen: Vec<String>) -> impl IntoView {
    let mut options = vec![(String::new(), tr!("audience.no_unit"))];
    options.extend(choices);
    view! {
        <div class="grid gap-x-4 sm:grid-cols-2">
            {UNITS
                .into_iter()
                .enumerate()
                .map(|(i, name)| {
                    let value = chosen.get(i).cloned().unwrap_or_default();
                    view! { <Select name=name label=tr!("audience.unit_n", n = i + 1) options=options.clone() value=value/> }
                })
                .collect_view()}
        </div>
    }
}
