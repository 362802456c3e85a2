//! The clients' operations. Three of four submit a score of a random player, the others read the standings. At the end,
//! when the network has healed, each client reads the standings once more.

use crate::{
    checker::LeaderboardChecker,
    leaderboard::{NAME, Standings, Submit},
};
use glomers_protocol::{Json, rand::RngExt};
use glomers_workbench::{
    Options,
    verdict::Checker,
    workload::{
        Connection, Workload,
        client::{Client, Outcome},
        generator::{Generator, Invocation, OncePerThread, each},
        stateless,
    },
};

/// The workload `leaderboard`.
pub struct Leaderboard;

/// The number of players. It is large, so that each has few scores, because a better score hides a lost one.
const PLAYERS: u32 = 50;

impl Workload for Leaderboard {
    fn name(&self) -> &'static str {
        NAME
    }

    fn operations(&self) -> &'static [&'static str] {
        &["submit", "standings"]
    }

    fn generator(&self, _: &Options) -> Box<dyn Generator> {
        Box::new(each(|rng| {
            if rng.random_ratio(1, 4) {
                return Invocation::bare("standings");
            }
            let player = format!("player {}", rng.random_range(0..PLAYERS));
            Invocation::new("submit", Json::new(&Submit { player, score: rng.random_range(0..1000) }))
        }))
    }

    fn final_generator(&self, _: &Options) -> Option<Box<dyn Generator>> {
        Some(Box::new(OncePerThread::new(Invocation::bare("standings").as_final())))
    }

    fn connect(&self, client: Client, _: &Options) -> Connection {
        stateless(client, |client, invocation| async move {
            let result = match invocation.value.decode::<Submit>() {
                Ok(submit) => client.call(&submit).await.map(|_| invocation.value),
                Err(_) => client.call(&Standings {}).await.map(|response| Json::new(&response.standings)),
            };
            result.map_or_else(|error| Outcome::failed(&error, invocation.f == "standings"), Outcome::Ok)
        })
    }

    fn checker(&self) -> Box<dyn Checker> {
        Box::new(LeaderboardChecker)
    }
}
