//! The table of faults holds every row once, and everything that it names exists.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::Deserialize;

#[derive(Deserialize)]
struct Table {
    row: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    number: u32,
    fault: String,
    verdict: String,
    /// A test's name, or `row_NNN` for all tests of that number.
    test: Option<String>,
    /// The words of a step of `.ci/run`.
    ci: Option<String>,
    /// Why there is nothing to test.
    inapplicable: Option<String>,
}

/// The names of all functions below these directories.
fn functions(directory: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            functions(&path, names);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let found = text
                .lines()
                .filter_map(|line| {
                    line.trim_start()
                        .strip_prefix("async ")
                        .or(Some(line.trim_start()))
                })
                .filter_map(|line| line.strip_prefix("fn "))
                .filter_map(|line| line.split('(').next());
            names.extend(found.map(ToOwned::to_owned));
        }
    }
}

#[test]
fn every_row_is_there_once_and_what_it_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table: Table = toml::from_str(include_str!("rows.toml")).unwrap();
    let steps = fs::read_to_string(root.join(".ci/run")).unwrap();
    let mut names = BTreeSet::new();
    for directory in ["src", "tests"] {
        functions(&root.join(directory), &mut names);
    }

    let mut wrong = Vec::new();
    let numbers: Vec<u32> = table.row.iter().map(|row| row.number).collect();
    if numbers != (1..=114).collect::<Vec<u32>>() {
        wrong.push(format!("the rows are not 1 to 114 in order: {numbers:?}"));
    }
    let (mut tests, mut ci, mut inapplicable) = (0, 0, 0);
    for row in &table.row {
        let number = row.number;
        if row.fault.trim().is_empty() || row.verdict.trim().is_empty() {
            wrong.push(format!("row {number} says nothing"));
        }
        match (&row.test, &row.ci, &row.inapplicable) {
            (Some(test), None, None) => {
                tests += 1;
                let prefix = format!("row_{number:03}");
                let is_there = if *test == prefix {
                    names.iter().any(|name| name.starts_with(&format!("{prefix}_")))
                } else {
                    test.starts_with(&format!("{prefix}_")) && names.contains(test)
                };
                if !is_there {
                    wrong.push(format!(
                        "row {number} names the test {test}, which does not exist"
                    ));
                }
            }
            (None, Some(step), None) => {
                ci += 1;
                if !steps.contains(&format!("step \"{step}")) {
                    wrong.push(format!(
                        "row {number} names the step {step:?}, which does not exist"
                    ));
                }
            }
            (None, None, Some(reason)) => {
                inapplicable += 1;
                if reason.trim().is_empty() {
                    wrong.push(format!("row {number} gives no reason"));
                }
            }
            _ => wrong.push(format!("row {number} must have one of test, ci and inapplicable")),
        }
    }
    // A test that says it is a row's must be one.
    for name in names.iter().filter(|name| name.starts_with("row_")) {
        let number = name[4..].split('_').next().unwrap().parse();
        if !number.is_ok_and(|number: u32| (1..=114).contains(&number)) {
            wrong.push(format!("{name} belongs to no row"));
        }
    }
    println!("{tests} rows have tests, {ci} are steps of .ci/run, {inapplicable} are inapplicable");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
