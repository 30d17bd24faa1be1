//! Job: keeps the house tidy: what can be checked by reading files is checked here.
//! Takes: the files that belong to the repository.
//! Gives: one test a rule; each complaint says where and what.
//! Never: trusts itself: every rule is fed bad samples and must complain about each.

mod arrows;
mod doors;
mod house;
mod manifests;
mod marks;
mod samples;
mod shape;
mod tokens;

use house::House;

/// Reads a house and says what is wrong, a line a complaint.
type Check = fn(&House) -> Vec<String>;

fn holds(check: Check) {
    let complaints = check(&House::here());
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

#[test]
fn the_walk_sees_the_house() {
    let house = House::here();
    for path in ["Cargo.toml", "daemon/src/main.rs", "daemon/tests/it/tidy.rs", "README.md"] {
        assert!(house.file(path).is_some(), "{path} was not seen");
    }
}

#[test]
fn files_stay_short() {
    holds(shape::lengths);
}

#[test]
fn lines_stay_narrow() {
    holds(shape::columns);
}

#[test]
fn modules_open_with_job_takes_gives_never() {
    holds(shape::headers);
}

#[test]
fn files_are_named_by_what_they_hold() {
    holds(shape::names);
}

#[test]
fn paths_stay_shallow() {
    holds(shape::depth);
}

#[test]
fn a_station_uses_only_what_stands_to_its_right() {
    holds(arrows::stations);
}

#[test]
fn a_plugin_is_named_in_the_catalog_only() {
    holds(arrows::plugins);
}

#[test]
fn sql_stands_in_the_outbox_only() {
    holds(doors::sql);
}

#[test]
fn clock_environment_and_signals_are_read_in_app_only() {
    holds(doors::surroundings);
}

#[test]
fn errors_keep_their_kind_up_to_where_they_are_shown() {
    holds(doors::errors);
}

#[test]
fn only_main_exits() {
    holds(doors::exits);
}

#[test]
fn pure_stations_stay_pure() {
    holds(doors::purity);
}

#[test]
fn every_task_has_an_owner() {
    holds(doors::spawns);
}

#[test]
fn there_is_no_macro_of_our_own() {
    holds(doors::macros);
}

#[test]
fn nothing_is_left_to_be_done() {
    holds(marks::unfinished);
}

#[test]
fn no_file_names_the_machine_it_was_written_on() {
    holds(marks::machine);
}

#[test]
fn documents_promise_only_what_can_be_kept() {
    holds(marks::promises);
}

#[test]
fn links_in_documents_lead_somewhere() {
    holds(marks::links);
}

#[test]
fn crates_inherit_versions_and_lints() {
    holds(manifests::inherits);
}

#[test]
fn plugins_depend_on_the_contract_only() {
    holds(manifests::plugins);
}

#[test]
fn the_lock_file_holds_one_stack_of_each_kind() {
    holds(manifests::lock);
}

#[test]
fn npm_lock_files_name_no_host() {
    holds(manifests::npm);
}

#[test]
fn every_check_complains_about_its_bad_samples() {
    for sample in samples::BAD {
        let complaints = (sample.check)(&House::of(sample.files));
        assert!(
            complaints.iter().any(|complaint| complaint.contains(sample.complaint)),
            "{:?}\nshould be answered with {:?}, was answered with {complaints:?}",
            sample.files,
            sample.complaint,
        );
    }
}

#[test]
fn no_check_complains_about_its_good_samples() {
    for sample in samples::GOOD {
        let complaints = (sample.check)(&House::of(sample.files));
        assert!(complaints.is_empty(), "{:?}\nwas answered with {complaints:?}", sample.files);
    }
}
