-- Who was here on some of many days, person by person.
CREATE INDEX active_day_staff ON active_day (staff_id, day);
