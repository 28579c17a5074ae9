# What `cmake --install` puts where. Two components: emrdrop, and sandbox for the receiver
# that the demo and the tests talk to.
include(GNUInstallDirs)

set(COMPLETE ${CMAKE_INSTALL_FULL_DATADIR}/emrdrop/complete.sh)
foreach(file systemd/reports.conf completion/emrdrop.bash completion/_emrdrop
		completion/emrdrop.fish)
	configure_file(${file}.in ${file} @ONLY)
endforeach()

# A unit that runs a command, with the same rights as each other one.
function(emrdrop_unit name UNIT_WHAT UNIT_TIMER UNIT_MANUAL UNIT_COMMAND)
	configure_file(systemd/emrdrop.service.in systemd/${name}.service @ONLY)
	install(FILES ${CMAKE_CURRENT_BINARY_DIR}/systemd/${name}.service systemd/${name}.timer
		DESTINATION lib/systemd/system COMPONENT emrdrop)
endfunction()

install(TARGETS emrdrop RUNTIME COMPONENT emrdrop)
install(TARGETS emrdrop-sandbox RUNTIME COMPONENT sandbox)

install(DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1
	COMPONENT emrdrop FILES_MATCHING PATTERN "CMakeFiles" EXCLUDE PATTERN "*.1")
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/man/emrdrop.conf.5
	DESTINATION ${CMAKE_INSTALL_MANDIR}/man5 COMPONENT emrdrop)
install(FILES man/emrdrop-feeds.7 man/emrdrop-hl7.7
	${CMAKE_CURRENT_BINARY_DIR}/man/emrdrop-problems.7
	DESTINATION ${CMAKE_INSTALL_MANDIR}/man7 COMPONENT emrdrop)
install(FILES man/emrdrop-sandbox.1
	DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT sandbox)

install(DIRECTORY maps DESTINATION ${CMAKE_INSTALL_DATADIR}/emrdrop
	COMPONENT emrdrop FILES_MATCHING PATTERN "*.ini")
install(PROGRAMS completion/complete.sh
	DESTINATION ${CMAKE_INSTALL_DATADIR}/emrdrop COMPONENT emrdrop)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/completion/emrdrop.bash RENAME emrdrop
	DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions COMPONENT emrdrop)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/completion/_emrdrop
	DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions COMPONENT emrdrop)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/completion/emrdrop.fish
	DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d COMPONENT emrdrop)

# systemd looks in lib, whatever the library folder of this system is.
emrdrop_unit(emrdrop@ "the drop of feed %i" emrdrop@FEED.timer "man:emrdrop-run(1)" "run %i")
emrdrop_unit(emrdrop-arrivals "whether the files that are due have come" emrdrop-arrivals.timer
	"man:emrdrop-check(1)" "check --arrivals")
install(FILES systemd/emrdrop.sysusers RENAME emrdrop.conf
	DESTINATION lib/sysusers.d COMPONENT emrdrop)
install(FILES systemd/emrdrop.tmpfiles RENAME emrdrop.conf
	DESTINATION lib/tmpfiles.d COMPONENT emrdrop)

install(FILES ${PROJECT_SOURCE_DIR}/README.md ${PROJECT_SOURCE_DIR}/SECURITY.md openapi.yaml
	DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT emrdrop)
install(FILES cron/emrdrop RENAME cron.d
	DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples COMPONENT emrdrop)
install(FILES kubernetes/cronjob.yaml etc/emrdrop.ini examples/visits.csv examples/logrotate
	${CMAKE_CURRENT_BINARY_DIR}/systemd/reports.conf
	DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples COMPONENT emrdrop)
