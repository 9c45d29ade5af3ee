//! Settings of field work.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use crate::ui::boot::refresh;
use crate::ui::form::{Field, PostForm, Submit};
use crate::ui::parts::{Card, Loading, outcome};
use crate::visit::api::{SaveFieldSettings, field_settings};

/// What is flagged at a check-in, and how often an HCP should be visited.
#[component]
pub fn FieldSettings() -> impl IntoView {
    let settings = Resource::new(refresh, |_| field_settings());
    view! {
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(settings.await, |s| view! {
                    <Card title=tr!("visit.settings")>
                        <p class="mb-3 text-sm text-base-content/70">{tr!("visit.settings_hint")}</p>
                        <PostForm to=SaveFieldSettings::url() class="max-w-sm">
                            <Field name="radius_m" label=tr!("visit.set_radius") mode="decimal" value=s.limits.radius_m.to_string()/>
                            <Field name="accuracy_m" label=tr!("visit.set_accuracy") mode="decimal" value=s.limits.accuracy_m.to_string()/>
                            <Field name="speed_kmh" label=tr!("visit.set_speed") mode="decimal" value=s.limits.speed_kmh.to_string()/>
                            <Field name="same_place" label=tr!("visit.set_same_place") mode="numeric" value=s.limits.same_place.to_string()/>
                            <Field name="goal" label=tr!("visit.set_goal") mode="numeric" value=s.goals.goal.to_string()/>
                            <Field name="cap" label=tr!("visit.set_cap") mode="numeric" value=s.goals.cap.to_string()/>
                            <Submit label=tr!("ui.save")/>
                        </PostForm>
                    </Card>
                })
            })}
        </Suspense>
    }
}
