//! Questions of learners that wait for an answer.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use crate::course::api::{AnswerComment, SettleComment, comment_queue};
use crate::course::model::CommentRow;
use crate::ui::boot::refresh;
use crate::ui::form::{Confirm, PostForm, Submit, TextArea};
use crate::ui::list::{page_param, rows_or_empty};
use crate::ui::parts::{Card, Loading, PageTitle, outcome};

/// 学员提问: of the courses one teaches; trainers see all.
#[component]
pub fn CommentQueue() -> impl IntoView {
    let page = page_param();
    let comments = Resource::new(
        move || (page.get(), refresh()),
        |(page, _)| comment_queue(page),
    );
    view! {
        <PageTitle title=tr!("course.comments")/>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(comments.await, |page| rows_or_empty(page, tr!("course.no_open_comments"), |rows| {
                    rows.into_iter().map(|comment| view! { <Waiting comment=comment/> }).collect_view()
                }))
            })}
        </Suspense>
    }
}

#[component]
fn Waiting(comment: CommentRow) -> impl IntoView {
    let id = StoredValue::new(comment.id);
    let lesson = format!("/learn/{}/{}", comment.course_id, comment.lesson_id);
    view! {
        <Card>
            <p class="num text-sm text-base-content/70">
                {comment.author}" · "{comment.at}" · "<a class="link" rel="external" href=lesson>{comment.course}" / "{comment.lesson}</a>
            </p>
            <p class="my-2 break-words whitespace-pre-line">{comment.text}</p>
            <PostForm to=AnswerComment::url()>
                <input type="hidden" name="comment" value=id.get_value()/>
                <TextArea name="text" label=tr!("course.your_answer") rows=2/>
                <Submit label=tr!("course.answer") class="btn btn-primary min-h-10"/>
            </PostForm>
            <div class="mt-3 flex flex-wrap gap-2">
                <PostForm to=SettleComment::url()>
                    <input type="hidden" name="comment" value=id.get_value()/>
                    <Submit label=tr!("course.settle") class="btn btn-sm min-h-10"/>
                </PostForm>
                <Confirm to=SettleComment::url() label=tr!("course.remove_comment") explain=tr!("course.remove_comment_explain")>
                    <input type="hidden" name="comment" value=id.get_value()/>
                    <input type="hidden" name="remove" value="true"/>
                </Confirm>
            </div>
        </Card>
    }
}
