{{- /* The numbers of one field of a cron expression as a sorted JSON list: dict "field" "0-30" "from" 0 "to" 59. */ -}}
{{- define "sre-watchdog.cronField" -}}
{{- $set := dict -}}
{{- range splitList "," .field -}}
{{- $parts := splitList "/" . -}}
{{- $ends := splitList "-" (first $parts) -}}
{{- $from := $.from -}}{{- $to := $.to -}}
{{- if not (has (first $parts) (list "*" "?")) -}}
{{- $from = first $ends | trimPrefix "0" | int -}}
{{- if gt (len $ends) 1 }}{{ $to = last $ends | trimPrefix "0" | int }}{{ else if eq (len $parts) 1 }}{{ $to = $from }}{{ end -}}
{{- end -}}
{{- $step := 1 }}{{ if gt (len $parts) 1 }}{{ $step = max 1 (last $parts | trimPrefix "0" | int) }}{{ end -}}
{{- range untilStep (int $from) (int (add $to 1)) (int $step) }}{{ $_ := set $set (printf "%02d" .) . }}{{ end -}}
{{- end -}}
{{- $numbers := list -}}
{{- range keys $set | sortAlpha }}{{ $numbers = append $numbers (get $set .) }}{{ end -}}
{{- if not $numbers }}{{ fail (printf "schedule: %s names no time" .field) }}{{ end -}}
{{- toJson $numbers -}}
{{- end }}

{{- /* The longest step from one number to the next in a list, back to the first after `round`: dict "numbers" "round". */ -}}
{{- define "sre-watchdog.longestStep" -}}
{{- $longest := sub (add (first .numbers) .round) (last .numbers) -}}
{{- $before := first .numbers -}}
{{- range rest .numbers }}{{ $longest = max $longest (sub . $before) }}{{ $before = . }}{{ end -}}
{{- int $longest -}}
{{- end }}

{{- /*
The longest time from one pass to the next, in seconds, by `schedule`. If it names days of a month it may be too long, never
too short. A night in which clocks are put back is an hour longer.
*/ -}}
{{- define "sre-watchdog.interval" -}}
{{- if .Values.prometheusRule.intervalSeconds -}}
{{- int .Values.prometheusRule.intervalSeconds -}}
{{- else -}}
{{- $names := dict
  "@hourly" "0 * * * *" "@daily" "0 0 * * *" "@midnight" "0 0 * * *" "@weekly" "0 0 * * 0"
  "@monthly" "0 0 1 * *" "@yearly" "0 0 1 1 *" "@annually" "0 0 1 1 *" -}}
{{- $schedule := get $names .Values.schedule | default .Values.schedule | upper -}}
{{- range $number, $name := list "SUN" "MON" "TUE" "WED" "THU" "FRI" "SAT" }}{{ $schedule = replace $name (toString $number) $schedule }}{{ end -}}
{{- range $number, $name := list "JAN" "FEB" "MAR" "APR" "MAY" "JUN" "JUL" "AUG" "SEP" "OCT" "NOV" "DEC" }}{{ $schedule = replace $name (add1 $number | toString) $schedule }}{{ end -}}
{{- $fields := splitList " " $schedule -}}
{{- $minutes := include "sre-watchdog.cronField" (dict "field" (index $fields 0) "from" 0 "to" 59) | fromJsonArray -}}
{{- $hours := include "sre-watchdog.cronField" (dict "field" (index $fields 1) "from" 0 "to" 23) | fromJsonArray -}}
{{- $dates := include "sre-watchdog.cronField" (dict "field" (index $fields 2) "from" 1 "to" 31) | fromJsonArray -}}
{{- $months := include "sre-watchdog.cronField" (dict "field" (index $fields 3) "from" 1 "to" 12) | fromJsonArray -}}
{{- $weekdays := include "sre-watchdog.cronField" (dict "field" (index $fields 4) "from" 0 "to" 6) | fromJsonArray -}}
{{- $byDate := include "sre-watchdog.longestStep" (dict "numbers" $dates "round" 31) | int -}}
{{- if gt (int (first $dates)) 28 }}{{ $byDate = add $byDate 31 }}{{ end -}}
{{- $byWeekday := include "sre-watchdog.longestStep" (dict "numbers" $weekdays "round" 7) | int -}}
{{- /* If both are named, either may start a pass; otherwise the one that is named counts. */ -}}
{{- $days := ternary (min $byDate $byWeekday) (max $byDate $byWeekday) (and (gt (int $byDate) 1) (gt $byWeekday 1)) -}}
{{- $monthStep := include "sre-watchdog.longestStep" (dict "numbers" $months "round" 12) | int -}}
{{- if gt $monthStep 1 }}{{ $days = add $days (mul 31 $monthStep) }}{{ end -}}
{{- /* From the last minute of one hour to the first of a later one. */ -}}
{{- $turn := sub (add (first $minutes) 60) (last $minutes) -}}
{{- $longest := include "sre-watchdog.longestStep" (dict "numbers" $minutes "round" 60) | int -}}
{{- $hourStep := include "sre-watchdog.longestStep" (dict "numbers" $hours "round" 24) | int -}}
{{- $longest = max $longest (add $turn (mul 60 (sub $hourStep 1))) -}}
{{- if gt (int $days) 1 -}}
{{- $overnight := sub (add (first $hours) 24) (last $hours) -}}
{{- $longest = max $longest (add $turn (mul 60 (sub $overnight 1)) (mul 1440 (sub $days 1))) -}}
{{- end -}}
{{- if and (gt (int $longest) 60) (not (has .Values.timeZone (list "Etc/UTC" "UTC"))) }}{{ $longest = add $longest 60 }}{{ end -}}
{{- mul 60 $longest -}}
{{- end -}}
{{- end }}
