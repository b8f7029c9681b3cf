//! Somebody with a browser.

use std::net::SocketAddr;

use anyhow::{Context, ensure};

/// Whoever asks for pages.
pub(crate) struct Visitor {
    agent: ureq::Agent,
    site: String,
    cookie: String,
}

impl Visitor {
    /// Somebody who is not signed in.
    pub(crate) fn stranger(web: SocketAddr) -> Self {
        let config = ureq::Agent::config_builder()
            .proxy(None)
            .http_status_as_error(false)
            .max_redirects(0)
            .build();
        Visitor {
            agent: config.into(),
            site: format!("http://{web}"),
            cookie: String::new(),
        }
    }

    /// Somebody who is.
    pub(crate) fn sign_in(web: SocketAddr, login: &str, passphrase: &str) -> anyhow::Result<Self> {
        let mut visitor = Visitor::stranger(web);
        let mut door = visitor.agent.get(format!("{}/login", visitor.site)).call()?;
        let came = cookie(&door)?;
        let form = door.body_mut().read_to_string()?;
        let csrf = form
            .split_once("name=\"csrf\" value=\"")
            .and_then(|(_, rest)| rest.split('"').next())
            .context("the entrance has its token")?;
        let fields = [
            ("csrf", csrf),
            ("name", login),
            ("passphrase", passphrase),
            ("back", "/"),
        ]
        .map(|(name, value)| format!("{name}={}", value.replace(' ', "+")));
        let entered = visitor
            .agent
            .post(format!("{}/login", visitor.site))
            .header("cookie", &came)
            .header("origin", &visitor.site)
            .header("content-type", "application/x-www-form-urlencoded")
            .send(fields.join("&"))?;
        ensure!(
            entered.status() == 303,
            "{login} is signed in: {}",
            entered.status()
        );
        visitor.cookie = cookie(&entered)?;
        Ok(visitor)
    }

    /// A whole page.
    pub(crate) fn page(&self, path: &str) -> anyhow::Result<String> {
        let mut answer = self
            .agent
            .get(format!("{}{path}", self.site))
            .header("cookie", &self.cookie)
            .call()?;
        ensure!(answer.status() == 200, "{path} is answered: {}", answer.status());
        Ok(answer.body_mut().read_to_string()?)
    }
}

fn cookie<T>(answer: &ureq::http::Response<T>) -> anyhow::Result<String> {
    let set = answer.headers().get("set-cookie").context("a cookie")?;
    let pair = set.to_str()?.split(';').next().unwrap_or_default();
    Ok(pair.to_owned())
}
