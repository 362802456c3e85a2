//! Histories from files: every form that Jepsen and this crate write is read as it was meant, and what is wrong with a
//! file is said with its line.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use flate2::{Compression, write::GzEncoder};
use glomers_checkers::checker::checker;
use glomers_checkers::expectations::Expectations;
use glomers_checkers::history::{History, Kind, Op, Process, edn};
use glomers_checkers::judgement::Judgement;
use glomers_checkers::validity::Validity;
use glomers_json::Json;
use proptest::prelude::*;
use serde_json::json;
use std::{
    error::Error as _,
    fs,
    io::{self, Read, Write},
    path::Path,
    time::Duration,
};

const READ: &str = "{:index 0, :time 5, :type :invoke, :process 0, :f :read, :value nil}";

/// Checks the error with which a text is refused.
#[track_caller]
fn refused(text: &str, expected: &str) {
    assert_eq!(History::parse(text).unwrap_err().to_string(), expected, "{text}");
}

#[test]
fn entries_that_are_none() {
    refused("{:type :invoke, :f :read}", "line 1: an entry without `process`");
    refused("{:process 0, :f :read}", "line 1: an entry without `type`");
    refused("{:process 0, :type :ok}", "line 1: an entry without `f`");
    refused("{:process 0, :type :oh, :f :read}", "line 1: `type` is \"oh\"; expected invoke, ok, fail or info");
    refused("{:process :x, :type :ok, :f :read}", "line 1: `process` is \"x\", neither a number nor the nemesis");
    refused("{:process 0, :type :ok, :f 3}", "line 1: `f` is 3, not a name");
    refused("{:process 0, :type :ok, :f :read, :time -1}", "line 1: `time` is -1, not nanoseconds");
    refused("7", "line 1: this is no entry of a history, which is a map");
    refused(r#"{"process": 0, "type": "ok"}"#, "line 1: an entry without `f`");
    refused("{\"process\": 0", "line 1: this is no JSON object: EOF while parsing an object at line 1 column 13");
}

#[test]
fn the_line_is_where_the_entry_begins() {
    refused(&format!("{READ}\n\n{{:type\n :ok}}"), "line 3: an entry without `process`");
    refused(&format!("{READ}\n{{:type :ok"), {
        "line 2: no EDN from here on: the text ends where a form of the map or `}` was expected, at column 11"
    });
    refused(&format!("{READ}\n{{:type\n :ok"), {
        "line 2: no EDN from here on: the text ends where a form of the map or `}` was expected, at column 5, 1 lines on"
    });
    refused(&format!("{READ}\n\n {{:type :ok]"), {
        "line 3: no EDN from here on: found `]`; expected a form of the map or `}`, at column 12"
    });
    refused(&format!("{READ} {{:é \"\\q\"}}"), {
        "line 1: no EDN from here on: `\\q` is no escape in a string; expected one of \\n \\t \\r \\b \\f \\\\ \\\" \
         or a code such as \\u00e9, at column 75"
    });
    refused(
        &format!("[{READ}\n)"),
        "line 2: no EDN from here on: found `)`; expected an entry, which is a map, at column 1",
    );
    refused(&format!("[{READ}\n"), {
        "line 2: no EDN from here on: the text ends where an entry or the end of the vector of entries was expected, \
         at column 1"
    });
    refused(
        "{:type :ok, :type :ok}",
        "line 1: no EDN from here on: `type` is there twice in a map or set, at column 19",
    );
    refused("{:type}", "line 1: no EDN from here on: a key at the end of a map has no value, at column 7");
    refused("{\"process\":0,\"type\":\"invoke\",\"f\":\"r\"}\n\n[]", {
        "line 3: this is no JSON object: invalid type: sequence, expected a map at line 1 column 0"
    });
}

/// A text is read as these many entries.
#[track_caller]
fn read(text: &str, count: usize) {
    assert_eq!(History::parse(text).unwrap().ops().len(), count, "{text}");
}

#[test]
fn text_around_the_entries_is_nothing() {
    read(&format!("\u{feff}{READ}"), 1);
    read(&format!("{READ} ; a comment"), 1);
    read(&format!("; a \"comment\n{READ}\n;; another"), 1);
    read(&format!("#_{{:index 99}} {READ}\n#_ {{:index 99}} ; nothing\n#_#_1 2"), 1);
    read(&format!("[{READ}]"), 1);
    read(&format!("({READ})"), 1);
    read(&READ.replace(":time 5", ":time 5, :lag ##Inf"), 1);
    refused(&format!("{READ}\n#_"), {
        "line 2: no EDN from here on: the text ends where a form was expected, at column 3"
    });
}

#[test]
fn operations_in_an_order_that_makes_no_sense() {
    let line = |kind, f| format!("{{:process 3, :type :{kind}, :f :{f}}}\n");
    refused(&line("ok", "read"), "line 1: process 3 ends `read`, which it has not begun");
    refused(&(line("invoke", "read") + &line("invoke", "add")), {
        "line 2: process 3 begins `add` before its `read` of line 1 has ended"
    });
    refused(&(line("invoke", "read") + &line("ok", "add")), {
        "line 2: process 3 ends `add`, but in line 1 it began `read`"
    });
    assert_eq!(History::parse(&(line("invoke", "add") + &line("info", "add"))).unwrap().ops().len(), 2);
}

#[test]
fn values_nested_too_deeply() {
    let deep = format!("{{:process 0, :type :invoke, :f :echo, :value {}{}}}", "[".repeat(600), "]".repeat(600));
    refused(&deep, "line 1: `value` is nested too deeply");
}

/// As Jepsen's versions have written them: a map a line, records, or all in a vector.
#[test]
fn forms_of_jepsen() {
    let ok = READ.replace(":invoke", ":ok").replace("nil", "#{3}");
    let plain = History::parse(&format!("{READ}\n{ok}\n")).unwrap();
    let forms = [
        format!("[{READ}\n {ok}]"),
        format!("#jepsen.history.Op{READ} #jepsen.history.Op{ok}"),
        format!("; a comment\n{READ}, {ok}"),
    ];
    for form in forms {
        let read = History::parse(&form).unwrap();
        assert_eq!(json!(read), json!(plain), "{form}");
    }
    assert_eq!(plain.ops()[1].value.as_str(), "[3]");
    assert!(History::parse("").unwrap().ops().is_empty());
}

#[test]
fn other_keys_are_kept() {
    let line = "{:process 0, :type :invoke, :f :read, :final? true, :exception {:via [{:type x.Y}]}}";
    let history = History::parse(line).unwrap();
    assert!(history.ops()[0].is_final());
    let extra: Vec<_> = history.ops()[0].extra().iter().map(|(key, value)| format!("{key} {value}")).collect();
    assert_eq!(extra, [r#"exception {"via":[{"type":"x.Y"}]}"#, "final? true"]);
}

#[test]
fn depth_is_refused_wherever_it_is() {
    let rows = [("[", "]"), ("(", ")"), ("#{", "}"), ("{:a ", "}"), ("{", " 1}"), ("#a ", "")];
    for (open, close) in rows {
        let deep = format!("{}:f{}", open.repeat(100_000), close.repeat(100_000));
        for text in
            [deep.clone(), format!("{{{deep} 1}}"), format!("{{:process 0, :type :invoke, :f :read, :value {deep}}}")]
        {
            let error = History::parse(&text).unwrap_err();
            assert_eq!(error.line, 1, "{open}: {error}");
            assert!(error.to_string().len() < 200, "{open}: {error}");
        }
        assert!(History::parse(&open.repeat(100_000)).is_err(), "{open}");
    }
    let deep = format!(
        r#"{{"process":0,"type":"invoke","f":"read","value":{}1{}}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    assert_eq!(History::parse(&deep).unwrap().ops().len(), 1, "JSON of any depth is kept as it is");
}

/// As an entry without a time does, which counts as the beginning.
#[test]
fn a_history_whose_time_goes_back_is_judged() {
    for time in ["9", "18446744073709551615"] {
        let text = format!(
            "{{:process 0, :time {time}, :type :invoke, :f :read}}\n{{:process 0, :type :ok, :f :read, :value 0}}"
        );
        let history = History::parse(&text).unwrap();
        let judgement = Judgement::of(&*checker("g-counter").unwrap(), &history, &Expectations::default());
        assert_eq!(judgement.valid(), Validity::Valid, "{judgement}");
    }
}

#[test]
fn files_of_every_name() {
    let folder = tempfile::tempdir().unwrap();
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(READ.as_bytes()).unwrap();
    fs::write(folder.path().join("history.edn.gz"), packed.finish().unwrap()).unwrap();
    assert_eq!(History::read(folder.path()).unwrap().ops().len(), 1);
    fs::write(folder.path().join("history.edn"), format!("{READ} nonsense")).unwrap();
    let error = History::read(folder.path()).unwrap_err();
    assert!(error.to_string().ends_with("history.edn"), "{error}");
    let cause = error.source().unwrap().to_string();
    assert_eq!(cause, "line 1: this is no entry of a history, which is a map");
    fs::write(folder.path().join("latin"), b"\xe9").unwrap();
    for missing in ["nothing", "latin"] {
        let error = History::read(&folder.path().join(missing)).unwrap_err().to_string();
        assert!(error.starts_with("cannot read ") && error.contains(missing), "{error}");
    }
    let empty = folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let error = History::read(&empty).unwrap_err().to_string();
    assert!(error.ends_with("it has none of history.jsonl, history.edn, history.edn.gz"), "{error}");
    assert!(History::read(Path::new("/")).is_err());
}

/// Operations of a few clients, one after the other.
fn ops() -> impl Strategy<Value = Vec<Op>> {
    let value = prop_oneof![
        any::<i64>().prop_map(|number| json!(number)),
        any::<String>().prop_map(|text| json!(text)),
        prop::collection::vec((any::<u8>(), ".{0,3}"), 0..4).prop_map(|pairs| json!(pairs)),
        prop::collection::btree_map("[a-z]{1,3}", any::<bool>(), 0..3).prop_map(|map| json!(map)),
    ];
    let operation = (0..3_u64, "[a-z]{1,9}", value.clone(), value, 0..3_u8);
    prop::collection::vec(operation, 0..8).prop_map(|all| {
        let entry = |(process, f, begun, ended, kind): (u64, String, _, _, u8)| {
            let new = |kind, value: &serde_json::Value| {
                let time = Duration::from_nanos(process * 7);
                let mut op = Op::new(time, Process::Client(process), kind, f.clone(), Json::new(value));
                op.set_error((kind == Kind::Info).then(|| Json::new(&("net-timeout", "text"))));
                op
            };
            let kind = [Kind::Ok, Kind::Fail, Kind::Info][usize::from(kind)];
            [new(Kind::Invoke, &begun), new(kind, &ended)]
        };
        all.into_iter().flat_map(entry).collect()
    })
}

/// A file that gives so many bytes at a time.
struct Slowly<'a>(&'a [u8], usize);

impl Read for Slowly<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let count = self.1.min(self.0.len());
        (&self.0[..count]).read(&mut bytes[..count])?;
        self.0 = &self.0[count..];
        Ok(count)
    }
}

/// The entries of a text, or the error.
fn read_from(text: &str, step: usize) -> Result<serde_json::Value, String> {
    History::read_from(Slowly(text.as_bytes(), step)).map(|history| json!(history)).map_err(|error| error.to_string())
}

fn parsed(text: &str) -> Result<serde_json::Value, String> {
    History::parse(text).map(|history| json!(history)).map_err(|error| error.to_string())
}

#[test]
fn a_file_in_pieces_is_text_all_the_same() {
    let error = History::read_from(&b"{:f \"\xe9\"}"[..]).unwrap_err();
    assert_eq!(error.to_string(), "cannot read the text");
    let error = History::read_from(Slowly("{:process 0, :f \"é".as_bytes(), 1)).unwrap_err();
    assert!(error.to_string().starts_with("line 1: no EDN from here on: the text ends"), "{error}");
    assert!(History::read_from(&b"{:f \"\xc3"[..]).is_err());
}

#[test]
fn an_error_behind_what_does_not_count_has_its_own_line() {
    for text in ["^0;a[0\n  \\é\\", "#_[1\n2]\n\n :", "#_[1\n2]\n)", "{:process 0}\n#_[1\n)"] {
        let whole = parsed(text);
        assert!(whole.is_err(), "{text}");
        (1..20).for_each(|step| assert_eq!(read_from(text, step), whole, "{text} {step}"));
    }
    let error = parsed("^0;a[0\n  \\é\\").unwrap_err();
    assert!(error.starts_with("line 2: no EDN from here on: ") && error.ends_with(", at column 3"), "{error}");
}

proptest! {
    #[test]
    fn pieces_are_read_like_the_whole(ops in ops(), step in 1..200_usize, is_edn: bool, in_vector: bool, cut in 0..9_usize) {
        let history: History = ops.into_iter().collect();
        let mut text = "\u{feff} ".to_owned();
        for op in history.ops() {
            if is_edn {
                edn::write(op, &mut text);
                text.push_str(if in_vector { "\n" } else { "\n; \"a comment\n #_{:é \\} [1]} ," });
            } else {
                text += &(json!(op).to_string() + "\r\n");
            }
        }
        if is_edn && in_vector {
            text = format!("[{}]", text.trim_start_matches('\u{feff}'));
        }
        // Most texts are whole; the others end anywhere.
        if cut == 0 {
            text.truncate(text.floor_char_boundary(text.len() * step / 200));
        }
        prop_assert_eq!(read_from(&text, step), parsed(&text), "{}", text);
    }

    #[test]
    fn broken_pieces_are_read_like_the_whole(text in "[{}\\[\\]:\"a-zé0-9 #\\\\\n^;]{0,60}", step in 1..20_usize) {
        prop_assert_eq!(read_from(&text, step), parsed(&text));
    }

    #[test]
    fn what_was_written_is_read_again(ops in ops()) {
        let history: History = ops.into_iter().collect();
        let (mut as_edn, mut as_json) = (String::new(), String::new());
        for op in history.ops() {
            edn::write(op, &mut as_edn);
            as_edn.push('\n');
            as_json += &(json!(op).to_string() + "\n");
        }
        for text in [as_edn, as_json] {
            prop_assert_eq!(json!(History::parse(&text).unwrap()), json!(history), "{}", text);
        }
    }

    #[test]
    fn no_text_is_too_strange(text in "[{}\\[\\]:\"a-z0-9 #\\\\\n]{0,60}") {
        let _ = History::parse(&text);
    }
}
