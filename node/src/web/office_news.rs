//! What stands on top of the day: posts that end soon, have ended or were taken away, what that means and what to do.

use lianzhan_protocol::trust::Purpose;

use super::answer::Desk;
use super::office_view::{date, post, until, who};
use super::page::{Link, Notice, Tone, key};
use super::say;
use crate::services::ServiceError;
use crate::services::office::{Office, OfficeNews, Standing};

/// Names that are spelled out.
const NAMED: usize = 3;

/// The notices for this person at this node.
pub(super) fn notices(desk: &Desk) -> Result<Vec<Notice>, ServiceError> {
    let OfficeNews { own, node, ending } = desk.node.office_news(desk.author())?;
    let mut notices = Vec::new();
    notices.extend(node.iter().map(|office| of_node(desk, office)));
    notices.extend(own.iter().map(|office| of_person(desk, office)));
    if let Some(first) = ending.iter().min_by_key(|office| office.not_after) {
        notices.push(of_others(desk, &ending, first));
    }
    Ok(notices)
}

fn notice(desk: &Desk, tone: Tone, say: String, office: &Office) -> Notice {
    Notice {
        tone,
        say,
        link: Some(Link {
            href: format!("/appointments/{}", office.id),
            label: desk.text.t("news-look"),
        }),
    }
}

fn of_node(desk: &Desk, office: &Office) -> Notice {
    let text = &desk.text;
    let say = match &office.standing {
        Standing::Revoked { by_name, words, .. } => {
            text.t2("news-node-revoked", "by", by_name, "reason", words)
        }
        Standing::Contested { .. } => text.t("news-node-contested"),
        _ => text.t2(
            "news-node-expired",
            "day",
            until(text, office.not_after),
            "by",
            &office.issuer_name,
        ),
    };
    notice(desk, Tone::Late, say, office)
}

fn of_person(desk: &Desk, office: &Office) -> Notice {
    let text = &desk.text;
    let day = || until(text, office.not_after);
    let (tone, say) = match &office.standing {
        Standing::Revoked {
            by_name, at, words, ..
        } => (
            Tone::Late,
            text.with(
                "news-own-revoked",
                &[("by", by_name), ("day", &date(text, *at)), ("reason", words)],
            ),
        ),
        Standing::Contested { .. } => (Tone::Split, text.t("news-own-contested")),
        Standing::Expired => (
            Tone::Late,
            text.t2("news-own-expired", "day", day(), "by", &office.issuer_name),
        ),
        Standing::Expiring { days } => (
            Tone::Soon,
            text.with(
                "news-own-expiring",
                &[("day", &day()), ("count", days), ("by", &office.issuer_name)],
            ),
        ),
        _ => (Tone::Plain, String::new()),
    };
    notice(desk, tone, say, office)
}

fn of_others(desk: &Desk, ending: &[Office], first: &Office) -> Notice {
    let text = &desk.text;
    let names = ending.iter().take(NAMED).map(|office| {
        if office.purpose == Purpose::Person {
            text.t2("news-who", "holder", &office.holder, "post", post(text, office))
        } else {
            who(desk, office)
        }
    });
    let values = (say::list(text, names), until(text, first.not_after));
    let mut told = notice(
        desk,
        Tone::Soon,
        text.with(
            if ending.len() > NAMED {
                key!("news-ending-more")
            } else {
                key!("news-ending")
            },
            &[("count", &ending.len()), ("names", &values.0), ("day", &values.1)],
        ),
        first,
    );
    if ending.len() > 1 {
        told.link = Some(Link {
            href: "/appointments?state=expiring".into(),
            label: text.t("news-look"),
        });
    }
    told
}
