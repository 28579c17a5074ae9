# The Debian packages, which deploy/package.sh builds: what CPack is told, and what is
# installed in a package alone.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME emrdrop)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_COMPONENTS_ALL emrdrop sandbox)
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE
	GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "emrdrop maintainers <emrdrop@example.org>")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
# Manual pages and changelogs are packed as Debian has them.
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_SOURCE_DIR}/debian/compress.cmake)

set(CPACK_DEBIAN_EMRDROP_PACKAGE_NAME emrdrop)
set(CPACK_DEBIAN_EMRDROP_PACKAGE_SECTION net)
set(CPACK_DEBIAN_EMRDROP_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_EMRDROP_DESCRIPTION
	"deliver CSV and HL7 v2 drops on SFTP servers to an HTTP API
A short-lived job looks at a drop folder on an SFTP server, reads the CSV or
HL7 v2 batch files that are ready, turns each row or message into patient and
scheduling records by a map that is plain configuration, and delivers what is
new or changed to an HTTP API. It remembers what it did, so that running it
again, or killing it anywhere, sends nothing twice.")
# libcurl is loaded when something is sent, libarchive when a file needs it, and librabbitmq
# by `trigger --amqp`, so that the linker does not know of them.
set(CPACK_DEBIAN_EMRDROP_PACKAGE_DEPENDS "libcurl4t64 | libcurl4,
 libarchive13t64 | libarchive13, tzdata, ca-certificates,
 systemd | systemd-standalone-sysusers | systemd-sysusers,
 systemd | systemd-standalone-tmpfiles | systemd-tmpfiles")
string(REGEX REPLACE "\n *" " " CPACK_DEBIAN_EMRDROP_PACKAGE_DEPENDS
	"${CPACK_DEBIAN_EMRDROP_PACKAGE_DEPENDS}")
set(CPACK_DEBIAN_EMRDROP_PACKAGE_RECOMMENDS "gpg, gpg-agent, librabbitmq4")
set(CPACK_DEBIAN_EMRDROP_PACKAGE_SUGGESTS "emrdrop-sandbox, jq")
set(CPACK_DEBIAN_EMRDROP_PACKAGE_CONTROL_EXTRA
	${CMAKE_CURRENT_SOURCE_DIR}/debian/postinst ${CMAKE_CURRENT_SOURCE_DIR}/debian/prerm
	${CMAKE_CURRENT_SOURCE_DIR}/debian/postrm ${CMAKE_CURRENT_SOURCE_DIR}/debian/conffiles)

set(CPACK_DEBIAN_SANDBOX_PACKAGE_NAME emrdrop-sandbox)
set(CPACK_DEBIAN_SANDBOX_PACKAGE_SECTION net)
set(CPACK_DEBIAN_SANDBOX_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_SANDBOX_DESCRIPTION
	"receiver that keeps what emrdrop delivers, to try it with
A small HTTP server that honours the contract of an API that emrdrop delivers
to, keeps what it was sent, shows it, and can be told to misbehave: latency,
429, 500, answers that get lost, refusals. It is for a first try, for tests
of feeds, and for no data of real patients.")

# Only what goes into /usr is a package's; `cmake --install` elsewhere leaves /etc alone.
if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
	install(FILES etc/emrdrop.ini DESTINATION /etc/emrdrop COMPONENT emrdrop)
	install(DIRECTORY DESTINATION /etc/emrdrop/feeds.d COMPONENT emrdrop)
	foreach(component emrdrop sandbox)
		set(name emrdrop)
		if(component STREQUAL sandbox)
			set(name emrdrop-sandbox)
		endif()
		install(FILES debian/copyright DESTINATION share/doc/${name} COMPONENT ${component})
		install(FILES debian/changelog DESTINATION share/doc/${name} COMPONENT ${component})
	endforeach()
	install(FILES ${PROJECT_SOURCE_DIR}/CHANGELOG.md DESTINATION share/doc/emrdrop
		COMPONENT emrdrop RENAME NEWS.md)
endif()

include(CPack)
